-- One row per week of opening, model version and target: how what was foretold compares with what came of it, over tickets
-- of which that is known. The course counts as it was foretold at opening, by the model of then; the score as it was expected
-- last before the customer answered, and churn as it was foretold last, each by the model that did.
--   week DATE: the Monday (UTC) of the week in which the tickets were opened
--   version VARCHAR: the model that foretold it; none where no model did
--   target VARCHAR: breach, reopening, reassignment, resolution, satisfaction or churn
--   basis VARCHAR: what the predictions stand on: model, or prior
--   tickets BIGINT: of how many tickets the outcome is known
--   foretold DOUBLE: the mean of what was foretold: a probability, seconds or a score
--   happened DOUBLE: the mean of what came of them
--   brier DOUBLE: mean squared error of probabilities, 0 is best
--   area_under_curve DOUBLE: how well probabilities tell tickets apart, 0.5 is chance; empty where all came to the same
--   mean_absolute_error DOUBLE: of times (seconds) and scores
--   median_absolute_error DOUBLE: the same, of the ticket in the middle
--   within_interval DOUBLE: the share of times within their interval, 0.8 is meant
--   drift DOUBLE: the week's error less the mean error of the weeks before it, of the same target and model
SELECT
  week,
  version,
  target,
  basis,
  tickets,
  foretold,
  happened,
  brier,
  area_under_curve,
  mean_absolute_error,
  median_absolute_error,
  within_interval,
  COALESCE(brier, mean_absolute_error) - AVG(COALESCE(brier, mean_absolute_error)) OVER (
    PARTITION BY version, target, basis ORDER BY week ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) AS drift
FROM (
  SELECT
    week,
    version,
    target,
    basis,
    COUNT(*) AS tickets,
    AVG(foretold) AS foretold,
    AVG(happened) AS happened,
    CASE WHEN MAX(is_probability) = 1 THEN AVG(POWER(foretold - happened, 2)) END AS brier,
    CASE
      WHEN MAX(is_probability) = 1 AND SUM(happened) > 0 AND SUM(happened) < COUNT(*) THEN
        (SUM(CASE WHEN happened = 1 THEN place ELSE 0 END) - SUM(happened) * (SUM(happened) + 1) / 2)
          / (SUM(happened) * (COUNT(*) - SUM(happened)))
    END AS area_under_curve,
    CASE WHEN MAX(is_probability) = 0 THEN AVG(ABS(foretold - happened)) END AS mean_absolute_error,
    CASE
      WHEN MAX(is_probability) = 0 THEN PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY ABS(foretold - happened))
    END AS median_absolute_error,
    AVG(CASE WHEN happened BETWEEN low AND high THEN 1.0E0 WHEN low IS NOT NULL THEN 0.0E0 END) AS within_interval
  FROM (
    SELECT
      *,
      RANK() OVER (PARTITION BY week, version, target, basis ORDER BY foretold)
        + (COUNT(*) OVER (PARTITION BY week, version, target, basis, foretold) - 1) / 2.0E0 AS place
    FROM (
      SELECT
        week,
        COALESCE(
          CASE target WHEN 'satisfaction' THEN csat_version WHEN 'churn' THEN churn_version ELSE version END, 'none'
        ) AS version,
        target,
        CASE target WHEN 'satisfaction' THEN csat_basis WHEN 'churn' THEN churn_basis ELSE basis END AS basis,
        CASE WHEN target IN ('breach', 'reopening', 'reassignment', 'churn') THEN 1 ELSE 0 END AS is_probability,
        CASE target
          WHEN 'breach' THEN breach_risk
          WHEN 'reopening' THEN reopen_risk
          WHEN 'reassignment' THEN reassignment_risk
          WHEN 'churn' THEN churn_risk
          WHEN 'resolution' THEN predicted_resolution_s
          ELSE csat_predicted
        END AS foretold,
        CASE target
          WHEN 'breach' THEN CASE WHEN is_breached THEN 1.0E0 WHEN NOT is_breached THEN 0.0E0 END
          WHEN 'reopening' THEN CASE WHEN is_reopened THEN 1.0E0 WHEN NOT is_reopened THEN 0.0E0 END
          WHEN 'reassignment' THEN CASE WHEN is_reassigned THEN 1.0E0 WHEN NOT is_reassigned THEN 0.0E0 END
          WHEN 'churn' THEN CASE WHEN has_left THEN 1.0E0 WHEN NOT has_left THEN 0.0E0 END
          WHEN 'resolution' THEN resolution_s
          ELSE survey_score * 1.0E0
        END AS happened,
        CASE target WHEN 'resolution' THEN predicted_resolution_low_s END AS low,
        CASE target WHEN 'resolution' THEN predicted_resolution_high_s END AS high
      FROM predictions
      CROSS JOIN (
        SELECT 'breach' AS target
        UNION ALL SELECT 'reopening'
        UNION ALL SELECT 'reassignment'
        UNION ALL SELECT 'resolution'
        UNION ALL SELECT 'satisfaction'
        UNION ALL SELECT 'churn'
      ) AS targets
    ) AS spread
    WHERE foretold IS NOT NULL AND happened IS NOT NULL
  ) AS ranked
  GROUP BY week, version, target, basis
) AS judged
