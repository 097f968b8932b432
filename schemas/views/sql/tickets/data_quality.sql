-- One row per day, source and problem: how many of what the source sent had it. Zero rows are there too, for pictures
-- over time. Problems of a ticket are those of the message that set its intent, and illegal_transition of its life. What
-- the product published itself, such as routing's decisions and closings by the clock, is no source.
--   day DATE: the UTC day on which the tickets were opened; of dead_letter the day on which the records arrived
--   event_source VARCHAR: who published the tickets' opening, or the record; empty where that is not known
--   problem VARCHAR: a mark of docs/signals.md, illegal_transition (docs/progress.md), no_text, language_unknown, low_band, unmapped_team or dead_letter
--   records BIGINT: how many tickets the source opened; of dead_letter how many of its records arrived, dead ones included
--   affected BIGINT: how many of them had the problem
--   rate DOUBLE: affected, as a share of records
SELECT day, event_source, problem, records, affected, affected * 1.0E0 / records AS rate
FROM (
  SELECT
    CAST(opened_at AS DATE) AS day,
    event_source,
    problem,
    COUNT(*) AS records,
    COUNT(*) FILTER (
      WHERE CASE problem
        WHEN 'language_unknown' THEN language IS NULL
        WHEN 'low_band' THEN COALESCE(band = 'low', FALSE)
        ELSE COALESCE(ARRAY_CONTAINS(quality_marks, problem), FALSE)
          OR COALESCE(ARRAY_CONTAINS(triage_reasons, problem), FALSE)
      END
    ) AS affected
  FROM tickets
  LEFT JOIN (
    SELECT
      ticket_id AS opened_id,
      event_source,
      ROW_NUMBER() OVER (PARTITION BY ticket_id ORDER BY life, revision) AS row_rank
    FROM ticket_events
    WHERE event_type IN ('TicketOpened', 'TicketImported')
  ) AS openings
    ON opened_id = ticket_id AND row_rank = 1
  CROSS JOIN (
    SELECT 'empty_text' AS problem
    UNION ALL SELECT 'truncated'
    UNION ALL SELECT 'lost_characters'
    UNION ALL SELECT 'mojibake'
    UNION ALL SELECT 'control_characters'
    UNION ALL SELECT 'invisible_characters'
    UNION ALL SELECT 'styled_letters'
    UNION ALL SELECT 'html'
    UNION ALL SELECT 'quoted_reply'
    UNION ALL SELECT 'quoted_only'
    UNION ALL SELECT 'forwarding'
    UNION ALL SELECT 'signature'
    UNION ALL SELECT 'tracking_links'
    UNION ALL SELECT 'automatic_reply'
    UNION ALL SELECT 'delivery_failure'
    UNION ALL SELECT 'mailing_list'
    UNION ALL SELECT 'spam'
    UNION ALL SELECT 'only_thanks'
    UNION ALL SELECT 'mixed_scripts'
    UNION ALL SELECT 'only_emoji'
    UNION ALL SELECT 'no_words'
    UNION ALL SELECT 'urgency_unread'
    UNION ALL SELECT 'no_text'
    UNION ALL SELECT 'language_unknown'
    UNION ALL SELECT 'low_band'
    UNION ALL SELECT 'unmapped_team'
    UNION ALL SELECT 'illegal_transition'
  ) AS problems
  GROUP BY CAST(opened_at AS DATE), event_source, problem
  UNION ALL
  SELECT
    day,
    event_source,
    'dead_letter' AS problem,
    COUNT(*) AS records,
    COUNT(*) FILTER (WHERE is_dead) AS affected
  FROM (
    SELECT CAST(arrived_at AS DATE) AS day, event_source, TRUE AS is_dead FROM dead_letters
    UNION ALL
    SELECT CAST(logged_at AS DATE) AS day, event_source, FALSE AS is_dead FROM ticket_events
    UNION ALL
    SELECT CAST(logged_at AS DATE) AS day, event_source, FALSE AS is_dead FROM agent_events
  ) AS arrived
  -- By name: producers that come with the product (simulator, replay) have the same prefix.
  WHERE COALESCE(event_source, '') NOT IN (
    'ticketyard/triage', 'ticketyard/cases', 'ticketyard/routing', 'ticketyard/roster', 'ticketyard/customers',
    'ticketyard/batch'
  )
  GROUP BY day, event_source
) AS counted
