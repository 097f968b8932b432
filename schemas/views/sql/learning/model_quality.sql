-- One row per model version and intent that it predicted: what people made of it.
--   model_version VARCHAR: the model
--   predicted_intent VARCHAR: the intent that it gave
--   tickets BIGINT: how many tickets it gave that intent
--   corrected BIGINT: how many of their labels a person corrected or confirmed
--   overruled BIGINT: how many of those a person changed to another intent
--   precision_reviewed DOUBLE: the share that was right among those that a person looked at; empty if none
--   precision_assumed DOUBLE: the share that was right if every label that nobody touched is right
SELECT
  model_version,
  predicted_intent,
  COUNT(*) AS tickets,
  COUNT(*) FILTER (WHERE is_corrected) AS corrected,
  COUNT(*) FILTER (WHERE is_overruled) AS overruled,
  1 - COUNT(*) FILTER (WHERE is_overruled) * 1.0E0 / NULLIF(COUNT(*) FILTER (WHERE is_corrected), 0)
    AS precision_reviewed,
  1 - COUNT(*) FILTER (WHERE is_overruled) * 1.0E0 / COUNT(*) AS precision_assumed
FROM ticket_outcomes
WHERE predicted_intent IS NOT NULL
GROUP BY model_version, predicted_intent
