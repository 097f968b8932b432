-- One row per opening day, category, intent, team, channel, priority, tier and language. All measures are whole numbers
-- that add up: those of two disjoint sets of tickets sum to those of their union.
--   day DATE: the UTC day on which the tickets were opened
--   category VARCHAR: their category
--   intent VARCHAR: their intent, by the name that it has now
--   team VARCHAR: their team
--   channel VARCHAR: the way by which they came
--   priority VARCHAR: their priority
--   customer_tier VARCHAR: their customers' tier
--   language VARCHAR: their language
--   tickets BIGINT: how many they are
--   open BIGINT: how many are neither resolved nor closed
--   resolved BIGINT: how many are resolved or closed
--   closed BIGINT: how many are closed
--   reopened BIGINT: how many were reopened at least once
--   reassignments BIGINT: how often they changed hands
--   first_contact_resolved BIGINT: how many one reply resolved for good
--   resolved_with_time BIGINT: how many have a resolution time
--   resolution_ms BIGINT: the sum of those times, milliseconds
--   replied BIGINT: how many have a public agent reply
--   first_reply_ms BIGINT: the sum of the times to the first one, milliseconds
--   assigned BIGINT: how many were ever assigned
--   first_assignment_ms BIGINT: the sum of the times to the first assignment, milliseconds
--   surveys BIGINT: how many customers answered the survey
--   survey_sum BIGINT: the sum of their scores
--   corrected BIGINT: how many labels a person corrected or confirmed
--   overruled BIGINT: how many labels a person changed to another intent
SELECT
  opened_on AS day,
  category,
  current_intent AS intent,
  team,
  channel,
  priority,
  customer_tier,
  language,
  COUNT(*) AS tickets,
  COUNT(*) FILTER (WHERE NOT is_resolved) AS open,
  COUNT(*) FILTER (WHERE is_resolved) AS resolved,
  COUNT(*) FILTER (WHERE is_closed) AS closed,
  COUNT(*) FILTER (WHERE reopenings > 0) AS reopened,
  CAST(SUM(reassignments) AS BIGINT) AS reassignments,
  COUNT(*) FILTER (WHERE first_contact_resolved) AS first_contact_resolved,
  COUNT(resolution_ms) AS resolved_with_time,
  CAST(COALESCE(SUM(resolution_ms), 0) AS BIGINT) AS resolution_ms,
  COUNT(first_reply_ms) AS replied,
  CAST(COALESCE(SUM(first_reply_ms), 0) AS BIGINT) AS first_reply_ms,
  COUNT(first_assignment_ms) AS assigned,
  CAST(COALESCE(SUM(first_assignment_ms), 0) AS BIGINT) AS first_assignment_ms,
  COUNT(survey_score) AS surveys,
  CAST(COALESCE(SUM(survey_score), 0) AS BIGINT) AS survey_sum,
  COUNT(*) FILTER (WHERE is_corrected) AS corrected,
  COUNT(*) FILTER (WHERE is_overruled) AS overruled
FROM ticket_outcomes
GROUP BY opened_on, category, current_intent, team, channel, priority, customer_tier, language
