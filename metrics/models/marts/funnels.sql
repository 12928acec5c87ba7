select * from marts.funnels
