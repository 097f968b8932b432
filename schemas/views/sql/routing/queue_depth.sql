-- One row per hour, team and priority in which something changed in the queue: how many tickets came, left, and waited.
--   hour TIMESTAMPTZ: when the hour began, UTC
--   team VARCHAR: the team
--   priority VARCHAR: the tickets' priority when they began to wait
--   entered BIGINT: how many began to wait
--   departed BIGINT: how many waits ended
--   waiting BIGINT: how many waited at the end of the hour
SELECT
  hour,
  team,
  priority,
  entered,
  departed,
  CAST(SUM(entered - departed) OVER (PARTITION BY team, priority ORDER BY hour) AS BIGINT) AS waiting
FROM (
  SELECT
    hour,
    team,
    priority,
    CAST(SUM(entered) AS BIGINT) AS entered,
    CAST(SUM(departed) AS BIGINT) AS departed
  FROM (
    SELECT DATE_TRUNC('hour', started_at) AS hour, team, priority, 1 AS entered, 0 AS departed
    FROM waits
    WHERE started_at IS NOT NULL
    UNION ALL
    SELECT DATE_TRUNC('hour', ended_at) AS hour, team, priority, 0 AS entered, 1 AS departed
    FROM waits
    WHERE ended_at IS NOT NULL
  ) AS changes
  GROUP BY hour, team, priority
) AS hours
