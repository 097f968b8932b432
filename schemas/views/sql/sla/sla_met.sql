-- One row per promise, policy, opening day, team, agent, channel, priority and tier: how often it was kept. All measures are
-- whole numbers that add up, so any of these may be summed away; the share met is met / (met + missed).
--   metric VARCHAR: what is promised
--   policy VARCHAR: the policy that says so
--   day DATE: the UTC day on which the tickets were opened
--   team VARCHAR: their team
--   agent_id VARCHAR: the agent who has or had them
--   channel VARCHAR: the way by which they came
--   priority VARCHAR: their priority
--   customer_tier VARCHAR: their customers' tier
--   tickets BIGINT: how many were ever promised it
--   met BIGINT: how often it was kept
--   missed BIGINT: how often it was broken, also where it is still open
--   open BIGINT: how many tickets' clocks run or are paused in time
--   breached BIGINT: how many are open past their due time; missed has them too
SELECT
  metric,
  policy,
  opened_on AS day,
  team,
  agent_id,
  channel,
  priority,
  customer_tier,
  COUNT(*) AS tickets,
  CAST(SUM(met) AS BIGINT) AS met,
  CAST(SUM(missed) AS BIGINT) AS missed,
  COUNT(*) FILTER (WHERE state IN ('running', 'paused')) AS open,
  COUNT(*) FILTER (WHERE state = 'breached') AS breached
FROM sla_clocks
WHERE state <> 'untimed'
GROUP BY metric, policy, opened_on, team, agent_id, channel, priority, customer_tier
