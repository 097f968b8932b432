-- What people said of a ticket, the newest first, and whether that was after the row that somebody saw.
SELECT
  event_id, event_type, coalesce(author_id, event_source) AS said_by, event_time, team, assignee, overrides,
  (life > ?1 OR (life = ?1 AND revision > ?2)) AS unseen
FROM ticket_events
WHERE ticket_id = ?3
  AND event_type IN (
    'LabelCorrected', 'DecisionOverridden', 'TicketUpdated', 'TicketTransferred', 'TicketDeescalated',
    'TicketResolved', 'TicketReopened', 'TicketClosed'
  )
ORDER BY life DESC, revision DESC
LIMIT 100
