-- Open tickets whose prediction nobody has looked at and the model was not sure of, the most urgent first. A model that
-- has learnt no bands is unsure where it is more likely wrong than right.
SELECT
  ticket_id, life, revision, subject, priority, status, team, customer_id, channel, language, opened_at, due_at,
  predicted_intent, predicted_event_id, confidence, out_of_scope, triage_reasons, priority_reasons
FROM tickets
WHERE status NOT IN ('resolved', 'closed')
  AND merged_into IS NULL
  AND NOT corrected
  AND label_said_by = 'model'
  AND (band = 'low' OR (band IS NULL AND confidence < 0.5))
ORDER BY
  list_position(['critical', 'urgent', 'high', 'medium', 'low'], priority), due_at NULLS LAST, opened_at, ticket_id
LIMIT 101
