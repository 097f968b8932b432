-- One row per ticket that was not merged into another: what came of it, computed from its own row alone.
--   ticket_id VARCHAR: the ticket
--   opened_on DATE: the UTC day on which it was opened
--   opened_at TIMESTAMPTZ: when it was opened
--   status VARCHAR: where it stands in its life cycle
--   category VARCHAR: its category
--   intent VARCHAR: its intent, as it was decided
--   current_intent VARCHAR: what that intent is called now, by the view intent_map
--   predicted_intent VARCHAR: the intent that the model gave it
--   model_version VARCHAR: the model that did
--   band VARCHAR: how far that prediction may be trusted: high, medium or low
--   team VARCHAR: the team that it is with
--   assignee VARCHAR: the agent who has or had it
--   channel VARCHAR: the way by which it came
--   priority VARCHAR: its priority
--   customer_tier VARCHAR: its customer's tier
--   language VARCHAR: its language
--   is_resolved BOOLEAN: whether it is resolved or closed
--   is_closed BOOLEAN: whether it is closed
--   is_corrected BOOLEAN: whether a person corrected or confirmed its label
--   is_overruled BOOLEAN: whether that person named another intent than the model, by the names of now
--   first_contact_resolved BOOLEAN: whether it is resolved, by one public agent reply, and did not reopen within 7 days
--   reassignments BIGINT: how often it changed hands
--   reopenings BIGINT: how often it was reopened
--   resolved_at TIMESTAMPTZ: when it was last resolved; empty while it is open
--   business_s DOUBLE: seconds to its end by the calendar of its policy, pauses left out (sla_total_resolution_spent_s); empty while it is open, or where nothing is promised
--   interactions BIGINT: public messages of customer and agents
--   status_changes BIGINT: how often its status changed
--   solution_attempts BIGINT: answers and resolutions that the customer came back from
--   resolution_ms BIGINT: milliseconds from opening to the last resolution; empty while it is open, or where the resolution is said to be older than the opening
--   first_reply_ms BIGINT: milliseconds from opening to the first public agent reply
--   first_assignment_ms BIGINT: milliseconds from opening to the first assignment
--   survey_score BIGINT: the customer's score, 1 to 5
--   resolution_s DOUBLE: resolution_ms in seconds
--   first_reply_s DOUBLE: first_reply_ms in seconds
SELECT
  measured.*,
  resolution_ms / 1000.0E0 AS resolution_s,
  first_reply_ms / 1000.0E0 AS first_reply_s
FROM (
  SELECT
    ticket_id,
    CAST(opened_at AS DATE) AS opened_on,
    opened_at,
    status,
    category,
    tickets.intent,
    COALESCE(named.current_intent, tickets.intent) AS current_intent,
    predicted_intent,
    model_version,
    band,
    team,
    COALESCE(assignee, last_assignee) AS assignee,
    channel,
    priority,
    customer_tier,
    language,
    status IN ('resolved', 'closed') AS is_resolved,
    status = 'closed' AS is_closed,
    corrected AS is_corrected,
    corrected AND COALESCE(
      COALESCE(predicted.current_intent, predicted_intent) <> COALESCE(named.current_intent, tickets.intent), FALSE
    ) AS is_overruled,
    status IN ('resolved', 'closed')
      AND first_resolved_at IS NOT NULL
      AND agent_replies = 1
      AND COALESCE(
        unix_millis(first_reopened_at) - unix_millis(first_resolved_at) > 604800000, TRUE
      ) AS first_contact_resolved,
    reassignments,
    reopenings,
    CASE WHEN status IN ('resolved', 'closed') THEN resolved_at END AS resolved_at,
    CASE WHEN status IN ('resolved', 'closed') THEN sla_total_resolution_spent_s END AS business_s,
    interactions,
    status_changes,
    solution_attempts,
    CASE
      WHEN status IN ('resolved', 'closed') AND resolved_at >= opened_at
        THEN unix_millis(resolved_at) - unix_millis(opened_at)
    END AS resolution_ms,
    unix_millis(first_replied_at) - unix_millis(opened_at) AS first_reply_ms,
    unix_millis(first_assigned_at) - unix_millis(opened_at) AS first_assignment_ms,
    survey_score
  FROM tickets
  LEFT JOIN intent_map AS named ON named.intent = tickets.intent
  LEFT JOIN intent_map AS predicted ON predicted.intent = tickets.predicted_intent
  WHERE merged_into IS NULL
) AS measured
