-- One row per day and per week (from Monday, UTC) in which tickets were resolved, for all tickets and for each category,
-- priority, channel, team and agent: how they went, beside the day or week right before.
--   period VARCHAR: day or week
--   starts_on DATE: its first day (UTC); tickets count where they were last resolved
--   dimension VARCHAR: category, priority, channel, team, agent or all
--   member VARCHAR: which one; empty where tickets have none, and for all
--   resolved BIGINT: how many tickets were resolved
--   median_resolution_s DOUBLE: median time from opening to resolution, seconds
--   first_contact_resolution DOUBLE: the share that one reply resolved for good
--   reopened DOUBLE: the share that had been reopened
--   mean_attempts DOUBLE: answers and resolutions that the customer came back from, mean
--   resolved_before BIGINT: how many were resolved in the period before; empty where there were none
--   median_before_s DOUBLE: their median time
--   first_contact_before DOUBLE: their share that one reply resolved
--   median_change DOUBLE: by which share the median rose (below 0: fell)
--   first_contact_change DOUBLE: by how much the share that one reply resolved rose
SELECT
  period,
  starts_on,
  dimension,
  member,
  resolved,
  median_resolution_s,
  first_contact_resolution,
  reopened,
  mean_attempts,
  resolved_before,
  median_before_s,
  first_contact_before,
  median_resolution_s / NULLIF(median_before_s, 0) - 1.0E0 AS median_change,
  first_contact_resolution - first_contact_before AS first_contact_change
FROM (
  SELECT
    *,
    CASE WHEN follows THEN LAG(resolved) OVER (PARTITION BY period, dimension, member ORDER BY starts_on) END
      AS resolved_before,
    CASE
      WHEN follows THEN LAG(median_resolution_s) OVER (PARTITION BY period, dimension, member ORDER BY starts_on)
    END AS median_before_s,
    CASE
      WHEN follows
        THEN LAG(first_contact_resolution) OVER (PARTITION BY period, dimension, member ORDER BY starts_on)
    END AS first_contact_before
  FROM (
    SELECT
      *,
      LAG(starts_on) OVER (PARTITION BY period, dimension, member ORDER BY starts_on)
        = CAST(DATE_TRUNC(period, CAST(starts_on - INTERVAL '1' DAY AS DATE)) AS DATE) AS follows
    FROM (
      SELECT
        period,
        starts_on,
        dimension,
        member,
        COUNT(*) AS resolved,
        PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY resolution_s) AS median_resolution_s,
        COUNT(*) FILTER (WHERE first_contact_resolved) * 1.0E0 / COUNT(*) AS first_contact_resolution,
        COUNT(*) FILTER (WHERE reopenings > 0) * 1.0E0 / COUNT(*) AS reopened,
        AVG(solution_attempts * 1.0E0) AS mean_attempts
      FROM (
        SELECT
          ticket_outcomes.*,
          period,
          CAST(DATE_TRUNC(period, CAST(resolved_at AS DATE)) AS DATE) AS starts_on,
          dimension,
          CASE dimension
            WHEN 'category' THEN category
            WHEN 'priority' THEN priority
            WHEN 'channel' THEN channel
            WHEN 'team' THEN team
            WHEN 'agent' THEN assignee
          END AS member
        FROM ticket_outcomes
        CROSS JOIN (SELECT 'day' AS period UNION ALL SELECT 'week') AS periods
        CROSS JOIN (
          SELECT 'all' AS dimension
          UNION ALL SELECT 'category'
          UNION ALL SELECT 'priority'
          UNION ALL SELECT 'channel'
          UNION ALL SELECT 'team'
          UNION ALL SELECT 'agent'
        ) AS dimensions
        WHERE resolution_ms IS NOT NULL
      ) AS members
      GROUP BY period, starts_on, dimension, member
    ) AS periods_of_members
  ) AS after_others
) AS beside
