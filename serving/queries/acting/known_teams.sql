-- The teams that have tickets or agents.
SELECT DISTINCT team
FROM (
  SELECT team FROM tickets
  UNION ALL
  SELECT home_team AS team FROM agents
) AS teams
WHERE team IS NOT NULL
ORDER BY team
LIMIT 1000
