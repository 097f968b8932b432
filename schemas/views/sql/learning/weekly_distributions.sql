-- One row per week, model version, signal and bin (value) that tickets had: what drift is measured on. Counts add up.
-- Intents are named as they are called now (intent_map), so that a renamed one is no drift.
--   week DATE: the Monday (UTC) of the week of the messages that the model decided by
--   model_version VARCHAR: the model that decided them; 'all' counts those of every model
--   signal VARCHAR: language, channel, customer_tier, out_of_scope; predicted_intent, predicted_category; band, confidence
--   bin VARCHAR: its value; 'none' where a ticket has none
--   place BIGINT: the same as a number, of a signal with an order, confidence and out_of_scope: in thousandths, rounded down
--   tickets BIGINT: how many tickets had it
SELECT
  week,
  version AS model_version,
  signal,
  COALESCE(word, CAST(place AS VARCHAR(20)), 'none') AS bin,
  place,
  CAST(SUM(tickets) AS BIGINT) AS tickets
FROM (
  SELECT week, CASE scope WHEN 'all' THEN 'all' ELSE model_version END AS version, signal, word, place, tickets
  FROM (
    SELECT week, model_version, signal, word, place, COUNT(*) AS tickets
    FROM (
      SELECT
        CAST(DATE_TRUNC('week', CAST(COALESCE(predicted_at, opened_at) AS DATE)) AS DATE) AS week,
        model_version,
        signal,
        CASE signal
          WHEN 'language' THEN language
          WHEN 'channel' THEN channel
          WHEN 'customer_tier' THEN customer_tier
          WHEN 'predicted_intent' THEN COALESCE(current_intent, predicted_intent)
          WHEN 'predicted_category' THEN predicted_category
          WHEN 'band' THEN band
        END AS word,
        CASE signal
          WHEN 'confidence' THEN CAST(FLOOR(confidence * 1000) AS BIGINT)
          WHEN 'out_of_scope' THEN CAST(FLOOR(out_of_scope * 1000) AS BIGINT)
        END AS place
      FROM tickets
      LEFT JOIN intent_map
        ON intent_map.intent = predicted_intent
      CROSS JOIN (
        SELECT 'language' AS signal
        UNION ALL SELECT 'channel'
        UNION ALL SELECT 'customer_tier'
        UNION ALL SELECT 'predicted_intent'
        UNION ALL SELECT 'predicted_category'
        UNION ALL SELECT 'band'
        UNION ALL SELECT 'confidence'
        UNION ALL SELECT 'out_of_scope'
      ) AS signals
      WHERE model_version IS NOT NULL AND predicted_intent IS NOT NULL
    ) AS spread
    GROUP BY week, model_version, signal, word, place
  ) AS counted
  CROSS JOIN (SELECT 'one' AS scope UNION ALL SELECT 'all') AS scopes
) AS scoped
GROUP BY week, version, signal, word, place
