SELECT * FROM ticket_events WHERE ticket_id = ? ORDER BY life, revision
