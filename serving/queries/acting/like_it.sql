-- The newest open tickets that the model took for the same, with how each began.
SELECT
  newest.ticket_id, newest.subject, newest.priority, newest.team, newest.opened_at,
  left(ticket_events.text, 2000) AS text
FROM (
  SELECT ticket_id, subject, priority, team, opened_at
  FROM tickets
  WHERE predicted_intent = ?1
    AND ticket_id <> ?2
    AND status NOT IN ('resolved', 'closed')
    AND merged_into IS NULL
  ORDER BY opened_at DESC
  LIMIT 200
) AS newest
JOIN ticket_events
  ON ticket_events.ticket_id = newest.ticket_id
  AND ticket_events.event_type IN ('TicketOpened', 'TicketImported')
