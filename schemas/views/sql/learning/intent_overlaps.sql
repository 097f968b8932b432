-- One row per week and pair of intents that were mixed up: the model said one and a person the other, or people said
-- first one and then the other. Pairs that stay high are hard to tell apart: merge them, or say better what they mean.
-- Intents are named as they are called now (intent_map), so that an old name and its new one are no pair.
--   week DATE: the Monday (UTC) of the week in which the tickets were opened
--   first_intent VARCHAR: the one that comes first in the alphabet
--   second_intent VARCHAR: the other
--   mixed BIGINT: how many tickets the model gave one of the two and a person the other
--   model_said_first BIGINT: how many of them the model gave the first
--   model_said_second BIGINT: how many of them the model gave the second
--   relabelled BIGINT: how often a person changed one of the two to the other after a person had given it
--   reviewed BIGINT: how many tickets people gave one of the two
--   predicted BIGINT: how many tickets the model gave one of the two
--   rate_reviewed DOUBLE: mixed, as a share of reviewed; empty if none
--   rate_assumed DOUBLE: mixed, as a share of predicted: if every label that nobody touched is right; empty if none
SELECT
  pairs.week,
  first_intent,
  second_intent,
  mixed,
  model_said_first,
  model_said_second,
  relabelled,
  CAST(COALESCE(firsts.reviewed, 0) + COALESCE(seconds.reviewed, 0) AS BIGINT) AS reviewed,
  CAST(COALESCE(firsts.predicted, 0) + COALESCE(seconds.predicted, 0) AS BIGINT) AS predicted,
  mixed * 1.0E0 / NULLIF(COALESCE(firsts.reviewed, 0) + COALESCE(seconds.reviewed, 0), 0) AS rate_reviewed,
  mixed * 1.0E0 / NULLIF(COALESCE(firsts.predicted, 0) + COALESCE(seconds.predicted, 0), 0) AS rate_assumed
FROM (
  SELECT
    week,
    LEAST(one, other) AS first_intent,
    GREATEST(one, other) AS second_intent,
    COUNT(*) FILTER (WHERE said_by_model) AS mixed,
    COUNT(*) FILTER (WHERE said_by_model AND one < other) AS model_said_first,
    COUNT(*) FILTER (WHERE said_by_model AND one > other) AS model_said_second,
    COUNT(*) FILTER (WHERE NOT said_by_model) AS relabelled
  FROM (
    SELECT
      week,
      COALESCE(map_one.current_intent, one) AS one,
      COALESCE(map_other.current_intent, other) AS other,
      said_by_model
    FROM (
      SELECT
        CAST(DATE_TRUNC('week', CAST(opened_at AS DATE)) AS DATE) AS week,
        predicted_intent AS one,
        intent AS other,
        TRUE AS said_by_model
      FROM tickets
      WHERE merged_into IS NULL AND label_said_by = 'people' AND predicted_intent <> intent AND intent <> ''
      UNION ALL
      SELECT
        CAST(DATE_TRUNC('week', CAST(tickets.opened_at AS DATE)) AS DATE) AS week,
        intent_before AS one,
        corrections.intent AS other,
        FALSE AS said_by_model
      FROM (
        SELECT
          ticket_id,
          intent,
          LAG(intent) OVER (PARTITION BY ticket_id ORDER BY life, revision) AS intent_before
        FROM ticket_events
        WHERE event_type = 'LabelCorrected'
      ) AS corrections
      JOIN tickets
        ON tickets.ticket_id = corrections.ticket_id
      WHERE merged_into IS NULL AND intent_before <> corrections.intent AND corrections.intent <> ''
        AND intent_before <> ''
    ) AS said
    LEFT JOIN intent_map AS map_one ON map_one.intent = one
    LEFT JOIN intent_map AS map_other ON map_other.intent = other
  ) AS mixes
  WHERE one <> other
  GROUP BY week, LEAST(one, other), GREATEST(one, other)
) AS pairs
LEFT JOIN intent_weeks AS firsts
  ON firsts.week = pairs.week AND firsts.intent = first_intent
LEFT JOIN intent_weeks AS seconds
  ON seconds.week = pairs.week AND seconds.intent = second_intent
