-- One row per agent who has or had a ticket. `performance` is 0.4 satisfaction + 0.3 durability + 0.3 speed, drawn
-- towards 0.5 as if ten average tickets came before, so that a newcomer's first tickets decide little: satisfaction is
-- (mean score - 1) / 4, durability the share of resolved tickets never reopened, speed the share resolved within the
-- median time of their team and priority; a part without data counts 0.5.
--   agent_id VARCHAR: the agent
--   tickets BIGINT: how many tickets the agent has or had last
--   resolved BIGINT: how many of them are resolved or closed
--   reopened BIGINT: how many of them were ever reopened
--   first_contact_resolved BIGINT: how many of them one reply resolved for good
--   median_resolution_s DOUBLE: median time from opening to resolution, seconds
--   surveys BIGINT: how many of their customers answered the survey
--   survey_mean DOUBLE: the mean of their scores, 1 to 5
--   performance DOUBLE: the measure that routing uses, 0..1
SELECT
  agent_id,
  tickets,
  resolved,
  reopened,
  first_contact_resolved,
  median_resolution_s,
  surveys,
  survey_mean,
  ROUND((10 * 0.5E0 + resolved * raw_performance) / (10 + resolved), 6) AS performance
FROM (
  SELECT
    assignee AS agent_id,
    COUNT(*) AS tickets,
    COUNT(*) FILTER (WHERE is_resolved) AS resolved,
    COUNT(*) FILTER (WHERE reopenings > 0) AS reopened,
    COUNT(*) FILTER (WHERE first_contact_resolved) AS first_contact_resolved,
    PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY resolution_s) AS median_resolution_s,
    COUNT(survey_score) AS surveys,
    AVG(survey_score * 1.0E0) AS survey_mean,
    0.4E0 * COALESCE((AVG(survey_score * 1.0E0) - 1) / 4, 0.5E0)
      + 0.3E0 * COALESCE(
        COUNT(*) FILTER (WHERE is_resolved AND reopenings = 0) * 1.0E0
          / NULLIF(COUNT(*) FILTER (WHERE is_resolved), 0),
        0.5E0
      )
      + 0.3E0 * COALESCE(
        COUNT(*) FILTER (WHERE resolution_s <= usual_resolution_s) * 1.0E0 / NULLIF(COUNT(resolution_s), 0),
        0.5E0
      ) AS raw_performance
  FROM ticket_outcomes
  LEFT JOIN (
    SELECT
      team AS usual_team,
      priority AS usual_priority,
      PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY resolution_s) AS usual_resolution_s
    FROM ticket_outcomes
    GROUP BY team, priority
  ) AS usual
    ON usual_team = team AND usual_priority = priority
  WHERE assignee IS NOT NULL
  GROUP BY assignee
) AS measured
