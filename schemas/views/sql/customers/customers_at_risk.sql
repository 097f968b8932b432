-- One row per customer who may leave and has not yet: a churn risk of a half or more, by the view customers.
--   customer_id VARCHAR: the customer
--   customer_tier VARCHAR: the customer's tier
--   churn_risk DOUBLE: 0 to 1
--   churn_reasons VARCHAR: what speaks for it, with its weights
--   churn_basis VARCHAR: what the risk is made by
--   open_tickets BIGINT: how many of their tickets are open
--   last_contact_at TIMESTAMPTZ: when the customer was last heard
SELECT
  customer_id,
  customer_tier,
  churn_risk,
  churn_reasons,
  churn_basis,
  open_tickets,
  last_contact_at
FROM customers
WHERE churn_risk >= 0.5 AND left_at IS NULL
