select * from marts.churn_validation
