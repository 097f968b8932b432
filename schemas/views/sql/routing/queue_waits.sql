-- One row per hour, team and priority in which tickets got an agent, or an offer, out of the queue: how long they waited.
--   hour TIMESTAMPTZ: when the hour began in which the waits ended, UTC
--   team VARCHAR: the team
--   priority VARCHAR: the tickets' priority when they began to wait
--   served BIGINT: how many tickets
--   mean_wait_s DOUBLE: their mean wait, seconds
--   median_wait_s DOUBLE: their median wait, seconds
--   p95_wait_s DOUBLE: the wait that 95 of 100 did not exceed, seconds
--   longest_wait_s DOUBLE: the longest, seconds
SELECT
  DATE_TRUNC('hour', ended_at) AS hour,
  team,
  priority,
  COUNT(*) AS served,
  ROUND(AVG(wait_s), 3) AS mean_wait_s,
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY wait_s) AS median_wait_s,
  PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY wait_s) AS p95_wait_s,
  MAX(wait_s) AS longest_wait_s
FROM waits
WHERE ended_by IN ('assigned', 'offered')
GROUP BY DATE_TRUNC('hour', ended_at), team, priority
