select * from marts.client_send_times
