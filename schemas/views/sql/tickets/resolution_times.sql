-- One row per priority, category and team: how long its resolved tickets took.
--   priority VARCHAR: the priority
--   category VARCHAR: the category
--   team VARCHAR: the team
--   tickets BIGINT: how many tickets there are
--   resolved BIGINT: how many of them have a resolution time
--   mean_resolution_s DOUBLE: mean of it, seconds
--   median_resolution_s DOUBLE: median of it, seconds
--   p90_resolution_s DOUBLE: the time within which nine of ten were resolved, seconds
--   first_contact_resolution DOUBLE: the share of resolved tickets that one reply resolved for good
SELECT
  priority,
  category,
  team,
  COUNT(*) AS tickets,
  COUNT(resolution_ms) AS resolved,
  AVG(resolution_s) AS mean_resolution_s,
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY resolution_s) AS median_resolution_s,
  PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY resolution_s) AS p90_resolution_s,
  COUNT(*) FILTER (WHERE first_contact_resolved) * 1.0E0
    / NULLIF(COUNT(*) FILTER (WHERE is_resolved), 0) AS first_contact_resolution
FROM ticket_outcomes
GROUP BY priority, category, team
