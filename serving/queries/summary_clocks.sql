-- What a ticket's service level still promises, the first to be due first.
SELECT metric, state, due_at
FROM sla_clocks
WHERE ticket_id = ? AND state IN ('running', 'paused', 'breached')
ORDER BY due_at NULLS LAST, metric
