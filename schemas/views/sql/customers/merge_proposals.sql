-- One row per open ticket and earlier open ticket of its customer that seems to be about the same thing, with the score
-- and why. Nothing is merged by itself.
--   ticket_id VARCHAR: the ticket
--   into_ticket_id VARCHAR: the earlier one, into which it could be merged
--   score DOUBLE: how much speaks for it, 0 to 1
--   reasons VARCHAR: what does
--   customer_id VARCHAR: the customer
--   team VARCHAR: the team that the ticket is with
--   opened_at TIMESTAMPTZ: when it was opened
--   rules VARCHAR: version and sum of the table of customers by which this was said
SELECT
  ticket_id,
  into_ticket_id,
  CAST(SPLIT_PART(reason, '; ', 1) AS DOUBLE) AS score,
  SUBSTRING(reason, INSTR(reason, '; ') + 2) AS reasons,
  customer_id,
  team,
  opened_at,
  customer_rules AS rules
FROM (
  SELECT
    ticket_id,
    customer_id,
    team,
    opened_at,
    customer_rules,
    TRY_ELEMENT_AT(merge_proposals, place) AS into_ticket_id,
    TRY_ELEMENT_AT(merge_reasons, place) AS reason
  FROM tickets
  CROSS JOIN (
    SELECT 1 AS place UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
    UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10
  ) AS places
  WHERE status NOT IN ('resolved', 'closed')
) AS proposed
WHERE into_ticket_id IS NOT NULL AND reason IS NOT NULL
