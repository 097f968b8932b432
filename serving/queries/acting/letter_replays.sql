SELECT event_id, letter_id, replayed_by, replayed_at, source_partition, replayed_to_offset
FROM letter_replays
WHERE letter_id = ?
ORDER BY log_partition, log_offset
