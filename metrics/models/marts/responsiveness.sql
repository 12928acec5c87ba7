select * from marts.responsiveness
