-- One row per ticket that no intent fits, as far as anyone knows, with the text that the model reads of it: what people
-- should label first, and what unlabelled_clusters are made of.
--   ticket_id VARCHAR: the ticket
--   week DATE: the Monday (UTC) of the week in which it was opened
--   why VARCHAR: no_label: a person said that no intent fits; out_of_scope: the model did; unsure: the model was not sure
--   text VARCHAR: subject and text of the opening, or where these are blank the customer's first public message
--   language VARCHAR: its language
--   channel VARCHAR: the way by which it came
--   predicted_intent VARCHAR: what the model guessed
--   confidence DOUBLE: how probable the model held that
--   model_version VARCHAR: the model
--   opened_at TIMESTAMPTZ: when it was opened
SELECT
  doubtful.ticket_id,
  CAST(DATE_TRUNC('week', CAST(opened_at AS DATE)) AS DATE) AS week,
  why,
  texts.text,
  language,
  channel,
  predicted_intent,
  confidence,
  model_version,
  opened_at
FROM (
  SELECT
    *,
    CASE
      WHEN label_said_by = 'people' THEN 'no_label'
      WHEN predicted_intent = 'oos' THEN 'out_of_scope'
      ELSE 'unsure'
    END AS why
  FROM tickets
  WHERE merged_into IS NULL
    AND (
      (label_said_by = 'people' AND COALESCE(intent, '') IN ('', 'oos'))
      OR (COALESCE(label_said_by, '') <> 'people'
        AND (predicted_intent = 'oos' OR ARRAY_CONTAINS(triage_reasons, 'unsure')))
    )
) AS doubtful
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
  ON texts.ticket_id = doubtful.ticket_id
WHERE texts.row_rank = 1
