-- One row per wait of a ticket in the queue of one team, in the order of its events.
--   ticket_id VARCHAR: the ticket
--   life BIGINT: number of the ticket's life
--   team VARCHAR: the team in whose queue it waited
--   priority VARCHAR: its priority when the wait began
--   started_at TIMESTAMPTZ: when the wait began
--   ended_at TIMESTAMPTZ: when it ended, not before it began; empty while it lasts
--   ended_by VARCHAR: assigned, offered, moved (to another team) or finished; empty while it lasts
--   wait_s DOUBLE: how long it was, seconds; empty while it lasts
SELECT
  ticket_id,
  life,
  team,
  priority,
  started_at,
  CASE WHEN ended_at IS NOT NULL THEN GREATEST(ended_at, started_at) END AS ended_at,
  CASE work_after
    WHEN 'held' THEN 'assigned'
    WHEN 'offered' THEN 'offered'
    WHEN 'wanted' THEN 'moved'
    WHEN 'none' THEN 'finished'
  END AS ended_by,
  CASE
    WHEN ended_at IS NOT NULL THEN GREATEST(unix_millis(ended_at) - unix_millis(started_at), 0) / 1000.0E0
  END AS wait_s
FROM (
  SELECT
    ticket_id,
    life,
    team,
    priority,
    work,
    event_time AS started_at,
    LEAD(event_time) OVER (PARTITION BY ticket_id, life ORDER BY revision) AS ended_at,
    LEAD(work) OVER (PARTITION BY ticket_id, life ORDER BY revision) AS work_after
  FROM (
    SELECT
      *,
      LAG(work) OVER (PARTITION BY ticket_id, life ORDER BY revision) AS work_before,
      LAG(team) OVER (PARTITION BY ticket_id, life ORDER BY revision) AS team_before
    FROM ticket_events
    WHERE work IS NOT NULL
  ) AS followed
  WHERE work_before IS NULL
    OR work_before <> work
    OR (work = 'wanted' AND COALESCE(team_before, '') <> COALESCE(team, ''))
) AS turns
WHERE work = 'wanted'
