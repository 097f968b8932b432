SELECT * FROM tickets WHERE ticket_id = ?
