-- The events of a ticket that its summary reads: how it began and what came last, with the head of each text.
SELECT
  event_type, event_time, status, team, assignee, author, author_id, public,
  left(subject, 500) AS subject, left(text, 20000) AS text, sentiment, entities, events
FROM (
  SELECT
    *,
    row_number() OVER (ORDER BY life, revision) AS place,
    count(*) OVER () AS events
  FROM ticket_events
  WHERE ticket_id = ?
) AS numbered
WHERE place <= 20 OR place > events - 180
ORDER BY place
