select distinct day from marts.dashboard_daily
