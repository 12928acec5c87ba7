select * from marts.campaign_engagement
