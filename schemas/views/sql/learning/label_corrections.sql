-- One row per ticket whose label a person corrected or confirmed, with the text that the model reads of it:
-- what the next model learns from.
--   ticket_id VARCHAR: the ticket
--   text VARCHAR: subject and text of the opening, or where these are blank the customer's first public message
--   label VARCHAR: the intent that the person named last
--   corrected_at TIMESTAMPTZ: when that was
--   channel VARCHAR: the way by which the ticket came
--   customer_tier VARCHAR: its customer's tier
SELECT
  corrections.ticket_id,
  texts.text,
  corrections.intent AS label,
  corrections.event_time AS corrected_at,
  tickets.channel,
  tickets.customer_tier
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY ticket_id ORDER BY life DESC, revision DESC) AS row_rank
  FROM ticket_events
  WHERE event_type = 'LabelCorrected'
    OR (event_type = 'DecisionOverridden' AND get_json_object(overrides, '$[0].decision') = 'intent')
) AS corrections
JOIN (
  SELECT
    ticket_id,
    CONCAT_WS(CHR(10), NULLIF(subject, ''), NULLIF(text, '')) AS text,
    ROW_NUMBER() OVER (PARTITION BY ticket_id ORDER BY life, revision) AS row_rank
  FROM ticket_events
  WHERE TRIM(CONCAT_WS(CHR(10), subject, text)) <> ''
    AND (event_type IN ('TicketOpened', 'TicketImported')
      OR (event_type = 'MessageAdded' AND author = 'customer' AND public))
) AS texts
  ON texts.ticket_id = corrections.ticket_id
LEFT JOIN tickets
  ON tickets.ticket_id = corrections.ticket_id
WHERE corrections.row_rank = 1 AND texts.row_rank = 1
