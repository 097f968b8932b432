-- The waiting longest first within a priority; `now` is the question's.
SELECT
  *,
  CAST((epoch_ms(CAST(? AS TIMESTAMPTZ)) - epoch_ms(oldest_waiting_since)) / 1000 AS BIGINT) AS oldest_waiting_s
FROM queues
ORDER BY team, list_position(['critical', 'urgent', 'high', 'medium', 'low'], priority)
