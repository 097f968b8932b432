-- One row per escalation of a ticket by a rule, and what ended it. A solution of before that was told of later ends it at once.
--   ticket_id VARCHAR: the ticket
--   rule VARCHAR: the rule that fired
--   cause VARCHAR: its condition: age, unassigned, concerns and so on
--   level BIGINT: the level that it lifted the ticket to
--   owner VARCHAR: the team or person who was told
--   team VARCHAR: the team that the ticket was with then
--   priority VARCHAR: its priority after it
--   escalated_at TIMESTAMPTZ: when it fired
--   ended_at TIMESTAMPTZ: when that ended; empty while it holds the ticket
--   ended_by VARCHAR: rule (its cause was gone), person, or solved
--   held_s DOUBLE: seconds from its firing to its end
SELECT
  ended.*,
  (unix_millis(ended_at) - unix_millis(escalated_at)) / 1000.0E0 AS held_s
FROM (
  SELECT
    fired.ticket_id,
    fired.rule,
    fired.cause,
    fired.level,
    fired.owner,
    fired.team,
    fired.priority,
    fired.event_time AS escalated_at,
    CASE
      WHEN MIN(later.event_time) IS NOT NULL THEN GREATEST(MIN(later.event_time), fired.event_time)
    END AS ended_at,
    CASE
      WHEN MIN(later.event_time) = MIN(later.event_time) FILTER (WHERE later.ended_by = 'rule') THEN 'rule'
      WHEN MIN(later.event_time) = MIN(later.event_time) FILTER (WHERE later.ended_by = 'person') THEN 'person'
      WHEN MIN(later.event_time) IS NOT NULL THEN 'solved'
    END AS ended_by
  FROM (SELECT * FROM ticket_events WHERE event_type = 'TicketEscalated') AS fired
  LEFT JOIN (
    SELECT
      ticket_id,
      life,
      revision,
      event_time,
      rule,
      CASE
        WHEN event_type <> 'TicketDeescalated' THEN 'solved'
        WHEN rule IS NULL THEN 'person'
        ELSE 'rule'
      END AS ended_by
    FROM ticket_events
    WHERE event_type = 'TicketDeescalated' OR status IN ('resolved', 'closed')
  ) AS later
    ON later.ticket_id = fired.ticket_id
    AND (later.life > fired.life OR (later.life = fired.life AND later.revision > fired.revision))
    AND (later.ended_by <> 'rule' OR later.rule = fired.rule)
    AND (later.ended_by = 'solved' OR later.event_time >= fired.event_time)
  GROUP BY
    fired.ticket_id, fired.life, fired.revision, fired.rule, fired.cause, fired.level, fired.owner, fired.team,
    fired.priority, fired.event_time
) AS ended
