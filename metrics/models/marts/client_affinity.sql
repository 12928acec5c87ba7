select * from marts.client_affinity
