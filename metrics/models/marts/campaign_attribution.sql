select * from marts.campaign_attribution
