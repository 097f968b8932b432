-- How many agents hold more tickets than they can.
SELECT COUNT(*)
FROM agents
JOIN (
  SELECT assignee, COUNT(*) AS tickets
  FROM tickets
  WHERE work = 'held' AND assignee IS NOT NULL
  GROUP BY assignee
) AS held
  ON held.assignee = agents.agent_id
WHERE held.tickets > agents.capacity
