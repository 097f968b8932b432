-- The intents that models gave so far.
SELECT DISTINCT predicted_intent AS intent
FROM tickets
WHERE predicted_intent IS NOT NULL
LIMIT 5000
