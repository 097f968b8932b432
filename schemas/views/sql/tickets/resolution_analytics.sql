-- One row per category, priority, channel, team and agent, each by itself, and one for all tickets: how tickets went.
--   dimension VARCHAR: category, priority, channel, team, agent or all
--   member VARCHAR: which one; empty where tickets have none, and for all
--   tickets BIGINT: how many tickets there are, merged ones not counted
--   open BIGINT: how many are neither resolved nor closed
--   resolved BIGINT: how many have a resolution time
--   mean_resolution_s DOUBLE: mean of it, seconds
--   median_resolution_s DOUBLE: median of it, seconds
--   p90_resolution_s DOUBLE: the time within which nine of ten were resolved, seconds
--   median_business_s DOUBLE: median of the time to the end by the calendars of the policies, pauses left out, seconds
--   first_contact_resolution DOUBLE: the share of resolved tickets that one reply resolved for good
--   reopened DOUBLE: the share of tickets that were reopened
--   mean_reassignments DOUBLE: how often a ticket changed hands, mean
--   mean_interactions DOUBLE: public messages of customer and agents a ticket, mean
--   mean_status_changes DOUBLE: how often its status changed, mean
--   mean_attempts DOUBLE: answers and resolutions that the customer came back from, mean
SELECT
  dimension,
  member,
  COUNT(*) AS tickets,
  COUNT(*) FILTER (WHERE NOT is_resolved) AS open,
  COUNT(resolution_ms) AS resolved,
  AVG(resolution_s) AS mean_resolution_s,
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY resolution_s) AS median_resolution_s,
  PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY resolution_s) AS p90_resolution_s,
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY business_s) AS median_business_s,
  COUNT(*) FILTER (WHERE first_contact_resolved) * 1.0E0
    / NULLIF(COUNT(*) FILTER (WHERE is_resolved), 0) AS first_contact_resolution,
  COUNT(*) FILTER (WHERE reopenings > 0) * 1.0E0 / COUNT(*) AS reopened,
  AVG(reassignments * 1.0E0) AS mean_reassignments,
  AVG(interactions * 1.0E0) AS mean_interactions,
  AVG(status_changes * 1.0E0) AS mean_status_changes,
  AVG(solution_attempts * 1.0E0) AS mean_attempts
FROM (
  SELECT
    ticket_outcomes.*,
    dimension,
    CASE dimension
      WHEN 'category' THEN category
      WHEN 'priority' THEN priority
      WHEN 'channel' THEN channel
      WHEN 'team' THEN team
      WHEN 'agent' THEN assignee
    END AS member
  FROM ticket_outcomes
  CROSS JOIN (
    SELECT 'all' AS dimension
    UNION ALL SELECT 'category'
    UNION ALL SELECT 'priority'
    UNION ALL SELECT 'channel'
    UNION ALL SELECT 'team'
    UNION ALL SELECT 'agent'
  ) AS dimensions
) AS members
GROUP BY dimension, member
