-- One row per ticket and promise that is, or was kept or broken, on it: where its clock stands. A promise that is given anew, such as
-- the next reply, shows its last time, and how often it was kept and broken in all.
--   ticket_id VARCHAR: the ticket
--   metric VARCHAR: what is promised: first_reply, next_reply, periodic_update, requester_wait, agent_work_time, total_resolution
--   policy VARCHAR: the policy that says so
--   state VARCHAR: running, paused, breached (still open), met, missed or untimed (promised no more)
--   priority VARCHAR: the ticket's priority
--   team VARCHAR: the team that it is with
--   agent_id VARCHAR: the agent who has or had it
--   channel VARCHAR: the way by which it came
--   customer_tier VARCHAR: its customer's tier
--   opened_on DATE: the UTC day on which it was opened
--   started_at TIMESTAMPTZ: since when the promise counts
--   due_at TIMESTAMPTZ: when it is or was due; empty while it is paused
--   ended_at TIMESTAMPTZ: when it was kept or given up
--   target_s BIGINT: the target, seconds of calendar or business hours
--   spent_s DOUBLE: seconds of those hours that it had counted when it was last paused or ended
--   warned BOOLEAN: whether somebody was warned that it will be due
--   met BIGINT: how often it was kept on this ticket
--   missed BIGINT: how often it was broken, now included
SELECT
  ticket_id,
  'first_reply' AS metric,
  sla_policy AS policy,
  sla_first_reply_state AS state,
  priority,
  team,
  COALESCE(assignee, last_assignee) AS agent_id,
  channel,
  customer_tier,
  CAST(opened_at AS DATE) AS opened_on,
  sla_first_reply_started_at AS started_at,
  sla_first_reply_due_at AS due_at,
  sla_first_reply_ended_at AS ended_at,
  sla_first_reply_target_s AS target_s,
  sla_first_reply_spent_s AS spent_s,
  sla_first_reply_warned AS warned,
  sla_first_reply_met AS met,
  sla_first_reply_missed AS missed
FROM tickets
WHERE sla_first_reply_state IS NOT NULL AND merged_into IS NULL
UNION ALL
SELECT
  ticket_id,
  'next_reply' AS metric,
  sla_policy AS policy,
  sla_next_reply_state AS state,
  priority,
  team,
  COALESCE(assignee, last_assignee) AS agent_id,
  channel,
  customer_tier,
  CAST(opened_at AS DATE) AS opened_on,
  sla_next_reply_started_at AS started_at,
  sla_next_reply_due_at AS due_at,
  sla_next_reply_ended_at AS ended_at,
  sla_next_reply_target_s AS target_s,
  sla_next_reply_spent_s AS spent_s,
  sla_next_reply_warned AS warned,
  sla_next_reply_met AS met,
  sla_next_reply_missed AS missed
FROM tickets
WHERE sla_next_reply_state IS NOT NULL AND merged_into IS NULL
UNION ALL
SELECT
  ticket_id,
  'periodic_update' AS metric,
  sla_policy AS policy,
  sla_periodic_update_state AS state,
  priority,
  team,
  COALESCE(assignee, last_assignee) AS agent_id,
  channel,
  customer_tier,
  CAST(opened_at AS DATE) AS opened_on,
  sla_periodic_update_started_at AS started_at,
  sla_periodic_update_due_at AS due_at,
  sla_periodic_update_ended_at AS ended_at,
  sla_periodic_update_target_s AS target_s,
  sla_periodic_update_spent_s AS spent_s,
  sla_periodic_update_warned AS warned,
  sla_periodic_update_met AS met,
  sla_periodic_update_missed AS missed
FROM tickets
WHERE sla_periodic_update_state IS NOT NULL AND merged_into IS NULL
UNION ALL
SELECT
  ticket_id,
  'requester_wait' AS metric,
  sla_policy AS policy,
  sla_requester_wait_state AS state,
  priority,
  team,
  COALESCE(assignee, last_assignee) AS agent_id,
  channel,
  customer_tier,
  CAST(opened_at AS DATE) AS opened_on,
  sla_requester_wait_started_at AS started_at,
  sla_requester_wait_due_at AS due_at,
  sla_requester_wait_ended_at AS ended_at,
  sla_requester_wait_target_s AS target_s,
  sla_requester_wait_spent_s AS spent_s,
  sla_requester_wait_warned AS warned,
  sla_requester_wait_met AS met,
  sla_requester_wait_missed AS missed
FROM tickets
WHERE sla_requester_wait_state IS NOT NULL AND merged_into IS NULL
UNION ALL
SELECT
  ticket_id,
  'agent_work_time' AS metric,
  sla_policy AS policy,
  sla_agent_work_time_state AS state,
  priority,
  team,
  COALESCE(assignee, last_assignee) AS agent_id,
  channel,
  customer_tier,
  CAST(opened_at AS DATE) AS opened_on,
  sla_agent_work_time_started_at AS started_at,
  sla_agent_work_time_due_at AS due_at,
  sla_agent_work_time_ended_at AS ended_at,
  sla_agent_work_time_target_s AS target_s,
  sla_agent_work_time_spent_s AS spent_s,
  sla_agent_work_time_warned AS warned,
  sla_agent_work_time_met AS met,
  sla_agent_work_time_missed AS missed
FROM tickets
WHERE sla_agent_work_time_state IS NOT NULL AND merged_into IS NULL
UNION ALL
SELECT
  ticket_id,
  'total_resolution' AS metric,
  sla_policy AS policy,
  sla_total_resolution_state AS state,
  priority,
  team,
  COALESCE(assignee, last_assignee) AS agent_id,
  channel,
  customer_tier,
  CAST(opened_at AS DATE) AS opened_on,
  sla_total_resolution_started_at AS started_at,
  sla_total_resolution_due_at AS due_at,
  sla_total_resolution_ended_at AS ended_at,
  sla_total_resolution_target_s AS target_s,
  sla_total_resolution_spent_s AS spent_s,
  sla_total_resolution_warned AS warned,
  sla_total_resolution_met AS met,
  sla_total_resolution_missed AS missed
FROM tickets
WHERE sla_total_resolution_state IS NOT NULL AND merged_into IS NULL
