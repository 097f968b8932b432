-- One row per team and priority with tickets in work: how many wait for an agent, and since when.
--   team VARCHAR: the team
--   priority VARCHAR: the priority
--   waiting BIGINT: how many tickets wait for an agent
--   offered BIGINT: how many were offered to an agent who has not answered yet
--   held BIGINT: how many an agent has
--   oldest_waiting_since TIMESTAMPTZ: since when the one waits that waits longest
SELECT
  team,
  priority,
  COUNT(*) FILTER (WHERE work = 'wanted') AS waiting,
  COUNT(*) FILTER (WHERE work = 'offered') AS offered,
  COUNT(*) FILTER (WHERE work = 'held') AS held,
  MIN(waiting_since) FILTER (WHERE work = 'wanted') AS oldest_waiting_since
FROM tickets
WHERE work IN ('wanted', 'offered', 'held')
GROUP BY team, priority
