-- Each agent with the tickets that they have now, offers included. Who has tickets and was never published has no
-- capacity.
SELECT
  workload_now.agent_id,
  agents.* EXCLUDE (agent_id),
  held + offered AS load,
  COALESCE(free < 0, FALSE) AS over_capacity
FROM workload_now
LEFT JOIN agents ON agents.agent_id = workload_now.agent_id
ORDER BY 1
