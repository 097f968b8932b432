-- One row per promise that is or was last broken, or nearly: somebody was warned of it and it was kept, or may yet be.
--   ticket_id VARCHAR: the ticket
--   metric VARCHAR: what was promised
--   policy VARCHAR: the policy that says so
--   kind VARCHAR: breach or near
--   is_open BOOLEAN: whether its clock has not ended
--   priority VARCHAR: the ticket's priority
--   team VARCHAR: the team that it is with
--   agent_id VARCHAR: the agent who has or had it
--   channel VARCHAR: the way by which it came
--   customer_tier VARCHAR: its customer's tier
--   started_at TIMESTAMPTZ: since when the promise counts
--   due_at TIMESTAMPTZ: when it is or was due; empty while it is paused
--   ended_at TIMESTAMPTZ: when it was kept or given up
--   target_s BIGINT: the target, seconds of calendar or business hours
--   late_s DOUBLE: seconds of the clock on the wall from due_at to the end; empty where it did not end late
SELECT
  ticket_id,
  metric,
  policy,
  CASE WHEN state IN ('breached', 'missed') THEN 'breach' ELSE 'near' END AS kind,
  ended_at IS NULL AS is_open,
  priority,
  team,
  agent_id,
  channel,
  customer_tier,
  started_at,
  due_at,
  ended_at,
  target_s,
  CASE WHEN state = 'missed' THEN (unix_millis(ended_at) - unix_millis(due_at)) / 1000.0E0 END AS late_s
FROM sla_clocks
WHERE state IN ('breached', 'missed') OR (warned AND state IN ('running', 'paused', 'met'))
