-- One row per alert and address that was to be told of it, and what became of that; an alert of which no address was
-- told has one row without any. What failed and was sent again later is delivered.
--   alert_id VARCHAR: the alert
--   alert_type VARCHAR: what happened
--   raised_at TIMESTAMPTZ: when it was due to be raised
--   ticket_id VARCHAR: the ticket; empty where it is about no ticket
--   team VARCHAR: the team that the ticket was with, or that the alert is about
--   priority VARCHAR: the ticket's priority then
--   assignee VARCHAR: the agent who had the ticket then
--   customer_id VARCHAR: the ticket's customer
--   details VARCHAR: JSON object of all that the alert says, by its type
--   address VARCHAR: the address's name in the file of webhooks
--   delivery_id VARCHAR: the webhook-id that the receiver saw
--   state VARCHAR: delivered, failed, or untold where no outcome is known
--   attempts BIGINT: how often it was tried, up to the end that counts
--   http_status BIGINT: the last answer's HTTP status
--   reason VARCHAR: why it was given up
--   ended_at TIMESTAMPTZ: when the address took it, or it was given up
--   delay_s DOUBLE: seconds from the alert to that end
SELECT
  alerts.alert_id,
  alerts.alert_type,
  raised_at,
  ticket_id,
  team,
  priority,
  assignee,
  customer_id,
  details,
  address,
  delivery_id,
  COALESCE(outcome, 'untold') AS state,
  attempts,
  http_status,
  reason,
  ended_at,
  (unix_millis(ended_at) - unix_millis(raised_at)) / 1000.0E0 AS delay_s
FROM alerts
LEFT JOIN (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY delivery_id ORDER BY outcome, ended_at DESC, log_partition, log_offset
    ) AS row_rank
  FROM webhook_outcomes
) AS ended
  ON ended.alert_id = alerts.alert_id AND row_rank = 1
