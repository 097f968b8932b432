-- One row per customer who has left, as far as it was told and not taken back since.
--   customer_id VARCHAR: the customer
--   left_at TIMESTAMPTZ: when they left
--   told_at TIMESTAMPTZ: when that was told first
SELECT
  told.customer_id,
  MIN(told.left_at) AS left_at,
  MIN(told.told_at) AS told_at
FROM customer_departures AS told
LEFT JOIN (
  SELECT
    customer_id,
    MAX(told_at) AS told_at
  FROM customer_departures
  WHERE retracted
  GROUP BY customer_id
) AS taken_back
  ON taken_back.customer_id = told.customer_id
WHERE NOT told.retracted AND (taken_back.told_at IS NULL OR told.told_at > taken_back.told_at)
GROUP BY told.customer_id
