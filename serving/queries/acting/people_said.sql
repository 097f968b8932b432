-- What people and other systems said of a ticket, the newest first, what a TicketUpdated changed of the row before it, and
-- whether that was after the row that somebody saw.
WITH told AS (
  SELECT
    event_id, event_type, life, revision, event_time, overrides, intent, priority, team, assignee, status,
    coalesce(author_id, event_source) AS said_by,
    intent IS DISTINCT FROM lag(intent) OVER rows_of_it AS new_intent,
    priority IS DISTINCT FROM lag(priority) OVER rows_of_it AS new_priority,
    team IS DISTINCT FROM lag(team) OVER rows_of_it AS new_team,
    -- A ticket that moves loses its agent, and one that gets an agent leaves `new`: nobody said that.
    assignee IS DISTINCT FROM lag(assignee) OVER rows_of_it AND (assignee IS NOT NULL OR NOT new_team) AS new_assignee,
    status IS DISTINCT FROM lag(status) OVER rows_of_it AND status IN ('resolved', 'closed') AS new_status
  FROM ticket_events
  WHERE ticket_id = ?3
  WINDOW rows_of_it AS (ORDER BY life, revision)
)
SELECT
  event_id, event_type, said_by, event_time, overrides, intent, priority, team, assignee, status,
  new_intent, new_priority, new_team, new_assignee, new_status,
  (life > ?1 OR (life = ?1 AND revision > ?2)) AS unseen
FROM told
WHERE event_type IN (
  'LabelCorrected', 'DecisionOverridden', 'TicketUpdated', 'TicketTransferred', 'TicketDeescalated',
  'TicketResolved', 'TicketReopened', 'TicketClosed'
)
ORDER BY life DESC, revision DESC
LIMIT 100
