-- What the customer wrote, in the order in which the ticket got it; of an opening with its subject, as triage read it.
SELECT event_id, event_type, CASE
         WHEN event_type IN ('TicketOpened', 'TicketImported')
           THEN concat_ws(chr(10), nullif(subject, ''), nullif(text, ''))
         ELSE text
       END AS text, entities
FROM ticket_events
WHERE ticket_id = ?
  AND (
    event_type IN ('TicketOpened', 'TicketImported')
    OR (event_type = 'MessageAdded' AND author = 'customer' AND public)
  )
ORDER BY life, revision
