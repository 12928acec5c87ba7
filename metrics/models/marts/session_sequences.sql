select * from marts.session_sequences
