select * from marts.insights
