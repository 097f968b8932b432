SELECT letter_id, log_partition, log_offset
FROM dead_letter_outcomes
WHERE waits
  AND letter_id IS NOT NULL
  AND died_at <= $before
  AND ($stage IS NULL OR stage = $stage)
  AND ($error IS NULL OR error = $error)
  AND ($topic IS NULL OR topic = $topic)
ORDER BY died_at, log_partition, log_offset
