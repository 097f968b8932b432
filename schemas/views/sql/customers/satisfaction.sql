-- One row per week of opening and group of tickets: what customers said, and what the others are expected to say.
--   week DATE: the Monday (UTC) of the week in which the tickets were opened
--   grouped_by VARCHAR: all, channel, category, team or agent
--   name VARCHAR: the channel, category, team or agent; all where every ticket counts
--   tickets BIGINT: how many tickets there are
--   surveys BIGINT: how many of their customers answered
--   mean_score DOUBLE: the mean of their scores, 1 to 5
--   scores_1 BIGINT: how many gave 1
--   scores_2 BIGINT: how many gave 2
--   scores_3 BIGINT: how many gave 3
--   scores_4 BIGINT: how many gave 4
--   scores_5 BIGINT: how many gave 5
--   high_share DOUBLE: the share of scores that are 4 or 5
--   low_share DOUBLE: the share of scores that are 1 or 2
--   expected_score DOUBLE: the mean of the scores that are expected of those who have not answered
--   at_risk BIGINT: of how many of those a score below 3.0 is expected
--   trend DOUBLE: the mean score less that of the week before; empty where either has none
SELECT
  week,
  grouped_by,
  name,
  tickets,
  surveys,
  mean_score,
  scores_1,
  scores_2,
  scores_3,
  scores_4,
  scores_5,
  high_share,
  low_share,
  expected_score,
  at_risk,
  CASE
    WHEN LAG(week) OVER (PARTITION BY grouped_by, name ORDER BY week) = CAST(week - INTERVAL '7' DAY AS DATE)
      THEN mean_score - LAG(mean_score) OVER (PARTITION BY grouped_by, name ORDER BY week)
  END AS trend
FROM (
  SELECT
    week,
    grouped_by,
    name,
    COUNT(*) AS tickets,
    COUNT(survey_score) AS surveys,
    AVG(survey_score * 1.0E0) AS mean_score,
    COUNT(*) FILTER (WHERE survey_score = 1) AS scores_1,
    COUNT(*) FILTER (WHERE survey_score = 2) AS scores_2,
    COUNT(*) FILTER (WHERE survey_score = 3) AS scores_3,
    COUNT(*) FILTER (WHERE survey_score = 4) AS scores_4,
    COUNT(*) FILTER (WHERE survey_score = 5) AS scores_5,
    COUNT(*) FILTER (WHERE survey_score >= 4) * 1.0E0 / NULLIF(COUNT(survey_score), 0) AS high_share,
    COUNT(*) FILTER (WHERE survey_score <= 2) * 1.0E0 / NULLIF(COUNT(survey_score), 0) AS low_share,
    AVG(CASE WHEN survey_score IS NULL THEN csat_predicted END) AS expected_score,
    COUNT(*) FILTER (WHERE survey_score IS NULL AND csat_risk IN ('critical', 'high')) AS at_risk
  FROM (
    SELECT
      week,
      grouped_by,
      CASE grouped_by
        WHEN 'channel' THEN channel
        WHEN 'category' THEN category
        WHEN 'team' THEN team
        WHEN 'agent' THEN assignee
        ELSE 'all'
      END AS name,
      survey_score,
      csat_predicted,
      csat_risk
    FROM predictions
    CROSS JOIN (
      SELECT 'all' AS grouped_by
      UNION ALL SELECT 'channel'
      UNION ALL SELECT 'category'
      UNION ALL SELECT 'team'
      UNION ALL SELECT 'agent'
    ) AS groupings
  ) AS spread
  WHERE name IS NOT NULL
  GROUP BY week, grouped_by, name
) AS counted
