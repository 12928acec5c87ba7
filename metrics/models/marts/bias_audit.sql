select * from marts.bias_audit
