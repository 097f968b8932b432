-- One row per customer: their tickets over all channels, and how likely they are to leave, by a formula that is here to
-- be read. Merged tickets count as the ones that they were merged into. Recent is what was opened within 90 days before
-- the newest event of any ticket.
--   customer_id VARCHAR: the customer
--   customer_tier VARCHAR: the tier of the newest ticket that has one
--   tickets BIGINT: how many tickets there are
--   open_tickets BIGINT: how many are neither resolved nor closed
--   recent_tickets BIGINT: how many are recent
--   recent_channels BIGINT: by how many channels those came
--   repeats BIGINT: how many recent ones repeat an earlier one of the same intent
--   reopenings BIGINT: how often recent ones were reopened
--   lowest_score BIGINT: the lowest survey score of recent ones, 1 to 5
--   mean_sentiment DOUBLE: mean sentiment of recent ones, -1 to 1
--   wishes BIGINT: open ones whose customer waits for a person or for another agent
--   last_contact_at TIMESTAMPTZ: when the customer was last heard
--   left_at TIMESTAMPTZ: when the customer left, where that was told
--   churn_risk DOUBLE: 0 to 1: what a model foretold last, of any ticket, else the sum of the parts below
--   churn_reasons VARCHAR: the formula's parts that are not 0, with their weights
--   churn_basis VARCHAR: what the risk is made by: formula, or model
SELECT
  measured.customer_id,
  tiers.customer_tier,
  tickets,
  open_tickets,
  recent_tickets,
  recent_channels,
  repeats,
  reopenings,
  lowest_score,
  mean_sentiment,
  wishes,
  last_contact_at,
  departures.left_at,
  COALESCE(
    models.foretold, survey_part + repeat_part + reopening_part + sentiment_part + wish_part
  ) AS churn_risk,
  CONCAT_WS(
    '; ',
    CASE WHEN survey_part > 0 THEN CONCAT('survey score ', CAST(lowest_score AS VARCHAR(2)), ': 0.30') END,
    CASE WHEN repeat_part > 0 THEN CASE WHEN repeats > 1 THEN 'repeat contacts: 0.25' ELSE 'a repeat contact: 0.125' END END,
    CASE WHEN reopening_part > 0 THEN CASE WHEN reopenings > 1 THEN 'reopenings: 0.20' ELSE 'a reopening: 0.10' END END,
    CASE WHEN sentiment_part > 0 THEN 'bad mood: 0.15' END,
    CASE WHEN wish_part > 0 THEN 'waits for a person: 0.10' END
  ) AS churn_reasons,
  CASE WHEN models.foretold IS NULL THEN 'formula' ELSE 'model' END AS churn_basis
FROM (
  SELECT
    *,
    CASE WHEN lowest_score <= 2 THEN 0.3E0 ELSE 0.0E0 END AS survey_part,
    CASE WHEN repeats > 1 THEN 0.25E0 WHEN repeats = 1 THEN 0.125E0 ELSE 0.0E0 END AS repeat_part,
    CASE WHEN reopenings > 1 THEN 0.2E0 WHEN reopenings = 1 THEN 0.1E0 ELSE 0.0E0 END AS reopening_part,
    CASE WHEN mean_sentiment < -0.3E0 THEN 0.15E0 ELSE 0.0E0 END AS sentiment_part,
    CASE WHEN wishes > 0 THEN 0.1E0 ELSE 0.0E0 END AS wish_part
  FROM (
    SELECT
      customer_id,
      COUNT(*) AS tickets,
      COUNT(*) FILTER (WHERE is_open) AS open_tickets,
      COUNT(*) FILTER (WHERE is_recent) AS recent_tickets,
      COUNT(DISTINCT CASE WHEN is_recent THEN channel END) AS recent_channels,
      COUNT(*) FILTER (WHERE is_recent AND repeat_of IS NOT NULL) AS repeats,
      CAST(COALESCE(SUM(CASE WHEN is_recent THEN reopenings END), 0) AS BIGINT) AS reopenings,
      MIN(CASE WHEN is_recent THEN survey_score END) AS lowest_score,
      AVG(CASE WHEN is_recent THEN sentiment END) AS mean_sentiment,
      COUNT(*) FILTER (WHERE is_open AND (wants_human OR wants_other_agent)) AS wishes,
      MAX(heard_at) AS last_contact_at
    FROM (
      SELECT
        customer_id,
        channel,
        repeat_of,
        reopenings,
        survey_score,
        sentiment,
        wants_human,
        wants_other_agent,
        GREATEST(opened_at, COALESCE(customer_wrote_at, opened_at)) AS heard_at,
        status NOT IN ('resolved', 'closed') AS is_open,
        unix_millis(newest) - unix_millis(opened_at) <= 7776000000 AS is_recent
      FROM tickets
      CROSS JOIN (SELECT MAX(last_event_at) AS newest FROM tickets) AS newest_event
      WHERE merged_into IS NULL AND customer_id IS NOT NULL
    ) AS seen
    GROUP BY customer_id
  ) AS counted
) AS measured
LEFT JOIN (
  SELECT
    customer_id,
    customer_tier,
    ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY opened_at DESC, ticket_id DESC) AS row_rank
  FROM tickets
  WHERE customer_tier IS NOT NULL
) AS tiers
  ON tiers.customer_id = measured.customer_id AND tiers.row_rank = 1
LEFT JOIN (
  SELECT
    customer_id,
    churn_risk AS foretold,
    ROW_NUMBER() OVER (
      PARTITION BY customer_id ORDER BY churn_foretold_at DESC, opened_at DESC, ticket_id DESC
    ) AS row_rank
  FROM tickets
  WHERE churn_risk IS NOT NULL AND merged_into IS NULL
) AS models
  ON models.customer_id = measured.customer_id AND models.row_rank = 1
LEFT JOIN customers_left AS departures
  ON departures.customer_id = measured.customer_id
