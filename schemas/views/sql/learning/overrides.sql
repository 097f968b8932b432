-- One row per automatic decision that a person's word replaced or confirmed: what the machine said, what the person said,
-- who, why and when. What people or the source had said before is not in it, unless the event was a LabelCorrected or a
-- DecisionOverridden, which are about a decision and nothing else.
--   ticket_id VARCHAR: the ticket
--   life BIGINT: number of the ticket's life
--   revision BIGINT: number of the event within it
--   event_id VARCHAR: the event of the person
--   event_type VARCHAR: TicketUpdated, TicketTransferred, LabelCorrected, DecisionOverridden or TicketDeescalated
--   overridden_at TIMESTAMPTZ: when it happened
--   decision VARCHAR: intent, category, priority, team, assignee, escalation, sla_target, merge_proposal and so on
--   said_by VARCHAR: who had decided: model, routing, rules; else people or source
--   machine_said VARCHAR: what held before
--   person_said VARCHAR: what the person said; empty where they took the decision back
--   changed BOOLEAN: whether the two differ; otherwise the person confirmed the decision
--   overridden_by VARCHAR: the person, where the event says who
--   reason VARCHAR: why, where it says so
--   model_version VARCHAR: the model that had decided, if one had
--   team VARCHAR: the team that had the ticket before
SELECT
  ticket_id,
  life,
  revision,
  event_id,
  event_type,
  overridden_at,
  decision,
  said_by,
  machine_said,
  person_said,
  COALESCE(machine_said, '') <> COALESCE(person_said, '') AS changed,
  overridden_by,
  reason,
  model_version,
  team
FROM (
  SELECT
    ticket_id,
    life,
    revision,
    event_id,
    event_type,
    event_time AS overridden_at,
    text AS reason,
    get_json_object(overrides, CONCAT('$[', item, '].decision')) AS decision,
    get_json_object(overrides, CONCAT('$[', item, '].said_by')) AS said_by,
    get_json_object(overrides, CONCAT('$[', item, '].was')) AS machine_said,
    get_json_object(overrides, CONCAT('$[', item, '].now')) AS person_said,
    get_json_object(overrides, CONCAT('$[', item, '].by')) AS overridden_by,
    get_json_object(overrides, CONCAT('$[', item, '].model_version')) AS model_version,
    get_json_object(overrides, CONCAT('$[', item, '].team')) AS team
  FROM ticket_events
  CROSS JOIN (
    SELECT 0 AS item UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
  ) AS items
  WHERE overrides IS NOT NULL
) AS told
WHERE decision IS NOT NULL
