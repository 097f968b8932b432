-- The team that has a ticket.
SELECT team FROM tickets WHERE ticket_id = ?
