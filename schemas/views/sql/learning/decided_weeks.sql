-- One row per model version and week in which it decided tickets, with the week that drift compares it with.
--   model_version VARCHAR: the model; 'all' stands for every model
--   week DATE: the Monday (UTC) of the week of the messages that it decided by
--   tickets BIGINT: how many tickets those are of
--   days BIGINT: on how many days those messages came
--   is_judged BOOLEAN: whether drift is judged: 200 tickets or more, on five days or more, so that no weekend is a week
--   reference_week DATE: a model's first judged week; for 'all' the last judged week before this one
--   is_newest BOOLEAN: whether this is the newest judged week of all tickets, whose alerts stand
SELECT
  model_version,
  week,
  tickets,
  days,
  is_judged,
  CASE
    WHEN model_version = 'all' THEN MAX(CASE WHEN is_judged THEN week END) OVER (
      PARTITION BY model_version ORDER BY week ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
    ELSE MIN(CASE WHEN is_judged THEN week END) OVER (PARTITION BY model_version)
  END AS reference_week,
  COALESCE(week = MAX(CASE WHEN is_judged AND model_version = 'all' THEN week END) OVER (), FALSE) AS is_newest
FROM (
  SELECT
    version AS model_version,
    week,
    COUNT(*) AS tickets,
    COUNT(DISTINCT decided_on) AS days,
    COUNT(*) >= 200 AND COUNT(DISTINCT decided_on) >= 5 AS is_judged
  FROM (
    SELECT
      CASE scope WHEN 'all' THEN 'all' ELSE model_version END AS version,
      CAST(DATE_TRUNC('week', CAST(COALESCE(predicted_at, opened_at) AS DATE)) AS DATE) AS week,
      CAST(COALESCE(predicted_at, opened_at) AS DATE) AS decided_on
    FROM tickets
    CROSS JOIN (SELECT 'one' AS scope UNION ALL SELECT 'all') AS scopes
    WHERE model_version IS NOT NULL AND predicted_intent IS NOT NULL
  ) AS decided
  GROUP BY version, week
) AS weeks
