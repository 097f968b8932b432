SELECT * FROM dead_letters ORDER BY died_at DESC, log_partition, log_offset DESC
