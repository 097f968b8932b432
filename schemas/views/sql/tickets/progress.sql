-- One row per ticket that is neither resolved nor closed: how far it has come. Times run up to `as_of`, the newest
-- moment of any ticket, so that a replayed history is measured by its own clock.
--   ticket_id VARCHAR: the ticket
--   status VARCHAR: where it stands in its life cycle
--   priority VARCHAR: its priority
--   category VARCHAR: its category
--   channel VARCHAR: the way by which it came
--   team VARCHAR: the team that it is with
--   assignee VARCHAR: the agent who has it
--   customer_id VARCHAR: its customer
--   waiting_on VARCHAR: whose turn it is: customer or agent
--   opened_at TIMESTAMPTZ: when it was opened
--   last_progress_at TIMESTAMPTZ: when somebody last did something for it, or it was opened or reopened
--   sla_policy VARCHAR: the policy that says what is promised of it
--   due_at TIMESTAMPTZ: the first promised moment that is not kept yet
--   elapsed_s DOUBLE: seconds since it was opened
--   idle_s DOUBLE: seconds since the last progress
--   sla_left_s DOUBLE: seconds until due_at, below 0 where that has passed; empty where nothing is promised
--   interactions BIGINT: public messages of customer and agents
--   status_changes BIGINT: how often its status changed
--   solution_attempts BIGINT: answers and resolutions that the customer came back from
--   reopenings BIGINT: how often it was reopened
--   reassignments BIGINT: how often it changed hands
--   illegal_transitions BIGINT: events that asked for a status that cannot follow the one it had
--   as_of TIMESTAMPTZ: up to when the seconds are counted
SELECT
  ticket_id,
  status,
  priority,
  category,
  channel,
  team,
  assignee,
  customer_id,
  waiting_on,
  opened_at,
  last_progress_at,
  sla_policy,
  due_at,
  (unix_millis(as_of) - unix_millis(opened_at)) / 1000.0E0 AS elapsed_s,
  (unix_millis(as_of) - unix_millis(last_progress_at)) / 1000.0E0 AS idle_s,
  (unix_millis(due_at) - unix_millis(as_of)) / 1000.0E0 AS sla_left_s,
  interactions,
  status_changes,
  solution_attempts,
  reopenings,
  reassignments,
  illegal_transitions,
  as_of
FROM tickets
CROSS JOIN (
  -- A decision of routing is progress, and no event from outside.
  SELECT MAX(GREATEST(last_event_at, COALESCE(last_progress_at, last_event_at))) AS as_of FROM tickets
) AS newest
WHERE status NOT IN ('resolved', 'closed') AND merged_into IS NULL
