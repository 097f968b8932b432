-- Each agent with the tickets that they hold now. Who holds tickets and was never published has no capacity.
SELECT
  COALESCE(agents.agent_id, held.assignee) AS agent_id,
  agents.* EXCLUDE (agent_id),
  COALESCE(held.tickets, 0) AS load,
  COALESCE(held.tickets > agents.capacity, FALSE) AS over_capacity
FROM agents
FULL JOIN (
  SELECT assignee, COUNT(*) AS tickets
  FROM tickets
  WHERE work = 'held' AND assignee IS NOT NULL
  GROUP BY assignee
) AS held
  ON held.assignee = agents.agent_id
ORDER BY 1
