select * from marts.attribution_placebo
