-- The agents that there are.
SELECT agent_id FROM agents ORDER BY agent_id LIMIT 5000
