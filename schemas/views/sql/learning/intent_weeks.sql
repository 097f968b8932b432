-- One row per week and intent that the model or a person gave: what new trends and the rates of intent_overlaps are read
-- from. Intents are named as they are called now (intent_map).
--   week DATE: the Monday (UTC) of the week in which the tickets were opened
--   intent VARCHAR: the intent
--   predicted BIGINT: how many tickets the model gave it
--   reviewed BIGINT: how many tickets with a prediction people gave it
--   agreed BIGINT: how many tickets both gave it
SELECT
  week,
  label AS intent,
  COUNT(*) FILTER (WHERE side = 'model') AS predicted,
  COUNT(*) FILTER (WHERE side = 'people') AS reviewed,
  COUNT(*) FILTER (WHERE side = 'people' AND label = predicted_intent) AS agreed
FROM (
  SELECT
    CAST(DATE_TRUNC('week', CAST(opened_at AS DATE)) AS DATE) AS week,
    side,
    CASE side
      WHEN 'people' THEN COALESCE(named.current_intent, tickets.intent)
      ELSE COALESCE(predicted.current_intent, predicted_intent)
    END AS label,
    COALESCE(predicted.current_intent, predicted_intent) AS predicted_intent
  FROM tickets
  LEFT JOIN intent_map AS named ON named.intent = tickets.intent
  LEFT JOIN intent_map AS predicted ON predicted.intent = tickets.predicted_intent
  CROSS JOIN (SELECT 'people' AS side UNION ALL SELECT 'model') AS sides
  WHERE merged_into IS NULL AND predicted_intent IS NOT NULL AND (side = 'model' OR label_said_by = 'people')
) AS labels
WHERE label <> ''
GROUP BY week, label
