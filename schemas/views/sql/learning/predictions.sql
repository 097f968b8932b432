-- One row per ticket about which anything was foretold: what its opening foretold, what its customer is expected to say,
-- what to do, and what came of it so far.
--   ticket_id VARCHAR: the ticket
--   opened_at TIMESTAMPTZ: when it was opened
--   week DATE: the Monday (UTC) of the week in which it was opened
--   status VARCHAR: where it stands in its life cycle
--   priority VARCHAR: its priority
--   category VARCHAR: its category
--   channel VARCHAR: the way by which it came
--   team VARCHAR: the team that it is with
--   assignee VARCHAR: the agent who has or had it
--   customer_id VARCHAR: its customer
--   basis VARCHAR: what the predictions of its opening stand on: model or too_little_known
--   version VARCHAR: the model that made them
--   predicted_resolution_s DOUBLE: seconds from opening to resolution that were foretold
--   predicted_resolution_low_s DOUBLE: the least of the interval that holds eight of ten
--   predicted_resolution_high_s DOUBLE: the most of it
--   resolution_s DOUBLE: seconds that it took; empty while it is not resolved
--   breach_risk DOUBLE: foretold probability that the promised time of resolution runs out
--   is_breached BOOLEAN: whether it did; empty while nobody knows, and where no time was promised
--   reopen_risk DOUBLE: foretold probability that it is reopened
--   is_reopened BOOLEAN: whether it was; empty while it has never been finished
--   reassignment_risk DOUBLE: foretold probability that it changes hands
--   is_reassigned BOOLEAN: whether it did; empty while it is open and has not
--   factors VARCHAR[]: what moved these predictions most: target, effect, name=value
--   churn_risk DOUBLE: probability that its customer leaves within 90 days, as foretold at the newest event from outside
--   has_left BOOLEAN: whether they did; empty while nobody knows
--   churn_basis VARCHAR: what that stands on: model or too_little_known
--   churn_version VARCHAR: the model that foretold it; empty where none did
--   churn_factors VARCHAR[]: what moved it most: effect, name=value
--   csat_predicted DOUBLE: the score that the customer is expected to give, 1 to 5
--   csat_basis VARCHAR: what that stands on: model, or prior
--   csat_version VARCHAR: the model that expects it; empty where none does
--   csat_risk VARCHAR: critical, high, medium, low or none
--   csat_factors VARCHAR[]: what moved it most: effect, name=value
--   survey_score BIGINT: the score that the customer gave
--   recommendations VARCHAR[]: what to do, each with the rule that says so
SELECT
  ticket_id,
  opened_at,
  CAST(DATE_TRUNC('week', CAST(opened_at AS DATE)) AS DATE) AS week,
  status,
  priority,
  category,
  channel,
  team,
  COALESCE(assignee, last_assignee) AS assignee,
  tickets.customer_id,
  predictions_basis AS basis,
  predictions_version AS version,
  predicted_resolution_s,
  predicted_resolution_low_s,
  predicted_resolution_high_s,
  CASE
    WHEN status IN ('resolved', 'closed') THEN (unix_millis(resolved_at) - unix_millis(opened_at)) / 1000.0E0
  END AS resolution_s,
  breach_risk,
  CASE
    WHEN sla_total_resolution_state IN ('breached', 'missed') THEN TRUE
    WHEN sla_total_resolution_state = 'met' THEN FALSE
  END AS is_breached,
  reopen_risk,
  CASE
    WHEN reopenings > 0 THEN TRUE
    WHEN status IN ('resolved', 'closed') THEN FALSE
  END AS is_reopened,
  reassignment_risk,
  CASE
    WHEN reassignments > 0 THEN TRUE
    WHEN status IN ('resolved', 'closed') THEN FALSE
  END AS is_reassigned,
  prediction_factors AS factors,
  churn_risk,
  CASE
    WHEN departures.left_at <= churn_foretold_at THEN NULL
    WHEN first_told <= churn_foretold_at AND unix_millis(newest) - unix_millis(churn_foretold_at) >= 7776000000
      THEN COALESCE(unix_millis(departures.left_at) - unix_millis(churn_foretold_at) <= 7776000000, FALSE)
  END AS has_left,
  churn_basis,
  churn_version,
  churn_factors,
  csat_predicted,
  csat_basis,
  csat_version,
  csat_risk,
  csat_factors,
  survey_score,
  recommendations
FROM tickets
CROSS JOIN (
  SELECT
    (SELECT MAX(last_event_at) FROM tickets) AS newest,
    (SELECT MIN(told_at) FROM customer_departures) AS first_told
) AS heard
LEFT JOIN customers_left AS departures
  ON departures.customer_id = tickets.customer_id
WHERE merged_into IS NULL AND (predictions_basis IS NOT NULL OR csat_basis IS NOT NULL)
