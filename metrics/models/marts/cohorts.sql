select * from marts.cohorts
