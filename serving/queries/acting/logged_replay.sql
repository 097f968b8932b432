SELECT log_partition, log_offset FROM letter_replays WHERE event_id = ?
