-- One row per day, team, cause, rule and level of escalations: how many there were, and what became of them.
--   day DATE: the UTC day on which they began
--   team VARCHAR: the team that the tickets were with
--   cause VARCHAR: the condition
--   rule VARCHAR: the rule
--   level BIGINT: the level
--   escalations BIGINT: how many
--   tickets BIGINT: of how many tickets
--   open BIGINT: how many still hold their ticket
--   ended_by_rule BIGINT: how many ended because their cause was gone
--   ended_by_person BIGINT: how many a person ended
--   ended_solved BIGINT: how many ended with the ticket
--   held_ms BIGINT: the sum of the times from firing to the end, milliseconds
SELECT
  CAST(escalated_at AS DATE) AS day,
  team,
  cause,
  rule,
  level,
  COUNT(*) AS escalations,
  COUNT(DISTINCT ticket_id) AS tickets,
  COUNT(*) FILTER (WHERE ended_at IS NULL) AS open,
  COUNT(*) FILTER (WHERE ended_by = 'rule') AS ended_by_rule,
  COUNT(*) FILTER (WHERE ended_by = 'person') AS ended_by_person,
  COUNT(*) FILTER (WHERE ended_by = 'solved') AS ended_solved,
  CAST(COALESCE(SUM(unix_millis(ended_at) - unix_millis(escalated_at)), 0) AS BIGINT) AS held_ms
FROM escalations
GROUP BY CAST(escalated_at AS DATE), team, cause, rule, level
