select * from marts.engagement_health_weekly
