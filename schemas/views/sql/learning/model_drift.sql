-- One row per model version, week, signal and statistic: how far the week lies from its reference week (see
-- decided_weeks). Words have the population stability index and the Jensen-Shannon distance (base 2), of shares with half
-- a ticket added to each bin; what has an order has the two-sample Kolmogorov-Smirnov statistic. A level is
-- reached where the distance is at its threshold and above the noise. Of band and out_of_scope, which tickets of models
-- from before them lack, only tickets that have them are compared. docs/drift.md has formulas and sources.
--   model_version VARCHAR: the model, compared with its own first week; 'all' compares every model's tickets with the week before
--   week DATE: the Monday (UTC) of the week of the messages that the model decided by
--   kind VARCHAR: input, label or confidence: what has drifted
--   signal VARCHAR: what was looked at, see weekly_distributions
--   statistic VARCHAR: population_stability_index, jensen_shannon_distance or kolmogorov_smirnov
--   distance DOUBLE: the value of the statistic
--   noise DOUBLE: what it stays below in 999 of 1000 weeks without any drift, for as many tickets and bins
--   watch_from DOUBLE: the threshold of the level watch
--   alert_from DOUBLE: the threshold of the level alert
--   level VARCHAR: alert, watch, steady; unjudged where the weeks have too few tickets or days
--   is_newest BOOLEAN: whether it is of the newest judged week: its alerts stand
--   tickets BIGINT: how many tickets of the week are compared
--   reference_week DATE: the week that it is compared with
--   reference_tickets BIGINT: how many of that week
SELECT
  model_version,
  week,
  kind,
  signal,
  statistic,
  distance,
  noise,
  watch_from,
  alert_from,
  CASE
    WHEN NOT is_judged OR LEAST(tickets, reference_tickets) < 200 THEN 'unjudged'
    WHEN distance >= alert_from AND distance > noise THEN 'alert'
    WHEN distance >= watch_from AND distance > noise THEN 'watch'
    ELSE 'steady'
  END AS level,
  is_newest,
  tickets,
  reference_week,
  reference_tickets
FROM (
  SELECT
    model_version,
    week,
    CASE
      WHEN signal IN ('predicted_intent', 'predicted_category') THEN 'label'
      WHEN signal IN ('band', 'confidence') THEN 'confidence'
      ELSE 'input'
    END AS kind,
    signal,
    statistic,
    CASE statistic
      WHEN 'population_stability_index' THEN stability
      WHEN 'jensen_shannon_distance' THEN SQRT(GREATEST(divergence, 0))
      ELSE widest_gap
    END AS distance,
    CASE statistic
      WHEN 'population_stability_index' THEN unit * chi_square
      WHEN 'jensen_shannon_distance' THEN SQRT(unit * chi_square / (8 * LN(2E0)))
      ELSE 1.9495E0 * SQRT(unit)
    END AS noise,
    watch_from,
    alert_from,
    is_judged,
    is_newest,
    tickets,
    reference_week,
    reference_tickets
  FROM (
    SELECT
      *,
      1.0E0 / tickets + 1.0E0 / reference_tickets AS unit,
      freedom * POWER(1 - 2 / (9E0 * freedom) + 3.0902E0 * SQRT(2 / (9E0 * freedom)), 3) AS chi_square
    FROM (
      SELECT
        model_version,
        week,
        signal,
        CAST(MIN(tickets) AS BIGINT) AS tickets,
        CAST(MIN(reference_tickets) AS BIGINT) AS reference_tickets,
        GREATEST(COUNT(*) - 1, 1) AS freedom,
        COUNT(place) > 0 AS has_order,
        SUM((smooth - reference_smooth) * LN(smooth / reference_smooth)) AS stability,
        SUM(
          0.5E0 * smooth * LN(2 * smooth / (smooth + reference_smooth))
            + 0.5E0 * reference_smooth * LN(2 * reference_smooth / (smooth + reference_smooth))
        ) / LN(2E0) AS divergence,
        MAX(ABS(up_to * 1.0E0 / tickets - reference_up_to * 1.0E0 / reference_tickets)) AS widest_gap
      FROM (
        SELECT
          *,
          (counted + 0.5E0) / (tickets + 0.5E0 * different) AS smooth,
          (reference_counted + 0.5E0) / (reference_tickets + 0.5E0 * different) AS reference_smooth
        FROM (
          SELECT
            *,
            COUNT(*) OVER (PARTITION BY model_version, week, signal) AS different,
            SUM(counted) OVER (PARTITION BY model_version, week, signal) AS tickets,
            SUM(reference_counted) OVER (PARTITION BY model_version, week, signal) AS reference_tickets,
            SUM(counted) OVER (PARTITION BY model_version, week, signal ORDER BY COALESCE(place, -1)) AS up_to,
            SUM(reference_counted) OVER (PARTITION BY model_version, week, signal ORDER BY COALESCE(place, -1)) AS reference_up_to
          FROM (
            SELECT
              model_version,
              week,
              signal,
              bin,
              place,
              CAST(SUM(counted) AS BIGINT) AS counted,
              CAST(SUM(reference_counted) AS BIGINT) AS reference_counted
            FROM (
              SELECT
                decided_weeks.model_version,
                decided_weeks.week,
                signal,
                bin,
                place,
                CASE WHEN counts.week = decided_weeks.week THEN counts.tickets ELSE 0 END AS counted,
                CASE WHEN counts.week = reference_week THEN counts.tickets ELSE 0 END AS reference_counted
              FROM decided_weeks
              JOIN weekly_distributions AS counts
                ON counts.model_version = decided_weeks.model_version
                  AND counts.week IN (decided_weeks.week, reference_week)
              WHERE reference_week < decided_weeks.week AND (signal NOT IN ('band', 'out_of_scope') OR bin <> 'none')
            ) AS both_weeks
            GROUP BY model_version, week, signal, bin, place
          ) AS paired
        ) AS totalled
        WHERE tickets > 0 AND reference_tickets > 0
      ) AS shared
      GROUP BY model_version, week, signal
    ) AS measured
  ) AS scaled
  JOIN (
    SELECT 'population_stability_index' AS statistic, FALSE AS of_order, 0.1E0 AS watch_from, 0.25E0 AS alert_from
    UNION ALL SELECT 'jensen_shannon_distance', FALSE, 0.1E0, 0.2E0
    UNION ALL SELECT 'kolmogorov_smirnov', TRUE, 0.1E0, 0.2E0
  ) AS statistics
    ON of_order = has_order
  JOIN (
    SELECT model_version AS of_version, week AS of_week, is_judged, is_newest, reference_week FROM decided_weeks
  ) AS about
    ON of_version = model_version AND of_week = week
) AS compared
