select * from marts.segment_performance
