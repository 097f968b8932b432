-- Whether tickets.log has an event of a ticket, and where.
SELECT life, revision, log_partition, log_offset
FROM ticket_events
WHERE ticket_id = ? AND event_id = ?
