select * from marts.score_evaluation
