-- One row per agent who was published or has a ticket: what they have now, and how much more they could take.
--   agent_id VARCHAR: the agent
--   home_team VARCHAR: the team that the agent belongs to
--   status VARCHAR: available, away or offline
--   supervises BOOLEAN: whether the agent takes no tickets
--   capacity BIGINT: how many tickets the agent can hold at once
--   held BIGINT: how many the agent has
--   pending BIGINT: how many of those take no room, as their customers have not answered
--   offered BIGINT: how many the agent was offered and has not answered
--   free BIGINT: how many more the agent could take; below 0 where people gave more than the capacity, or customers answered
--   longest_held_since TIMESTAMPTZ: since when the agent has the one that they have longest
SELECT
  COALESCE(agents.agent_id, loads.holder) AS agent_id,
  agents.home_team,
  agents.status,
  agents.supervises,
  agents.capacity,
  COALESCE(loads.held, 0) AS held,
  COALESCE(loads.pending, 0) AS pending,
  COALESCE(loads.offered, 0) AS offered,
  agents.capacity - COALESCE(loads.held, 0) + COALESCE(loads.pending, 0) - COALESCE(loads.offered, 0) AS free,
  loads.longest_held_since
FROM agents
FULL JOIN (
  SELECT
    COALESCE(assignee, offered_to) AS holder,
    COUNT(*) FILTER (WHERE work = 'held') AS held,
    COUNT(*) FILTER (WHERE work = 'held' AND frees_capacity) AS pending,
    COUNT(*) FILTER (WHERE work = 'offered') AS offered,
    MIN(assigned_at) FILTER (WHERE work = 'held') AS longest_held_since
  FROM tickets
  WHERE work IN ('held', 'offered') AND COALESCE(assignee, offered_to) IS NOT NULL
  GROUP BY COALESCE(assignee, offered_to)
) AS loads
  ON loads.holder = agents.agent_id
