select * from marts.event_mix
