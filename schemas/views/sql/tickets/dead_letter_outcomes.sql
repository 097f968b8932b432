-- One row per dead letter, with whether it waits and when, by whom and why it was last sent back.
--   letter_id VARCHAR: the letter
--   stage VARCHAR: the stage that gave the record up
--   error VARCHAR: name of the error
--   message VARCHAR: what was wrong with the record
--   topic VARCHAR: the topic that the record was in
--   source_partition BIGINT: the record's partition there
--   source_offset BIGINT: the record's offset there
--   event_source VARCHAR: who published the record, where its headers say so
--   died_at TIMESTAMPTZ: when the broker logged the dead letter
--   log_partition BIGINT: the letter's partition in tickets.dead
--   log_offset BIGINT: the letter's offset there
--   waits BOOLEAN: whether nobody has sent it back
--   replayed_at TIMESTAMPTZ: when it was last sent back
--   replayed_to_offset BIGINT: where the record is since then
--   repaired BOOLEAN: whether anything was changed before
--   replayed_by VARCHAR: who sent it back, where that was said
--   reason VARCHAR: and why
SELECT
  letters.letter_id,
  letters.stage,
  letters.error,
  letters.message,
  letters.topic,
  letters.source_partition,
  letters.source_offset,
  letters.event_source,
  letters.died_at,
  letters.log_partition,
  letters.log_offset,
  newest.letter_id IS NULL AS waits,
  newest.replayed_at,
  newest.replayed_to_offset,
  newest.repaired,
  newest.replayed_by,
  newest.reason
FROM dead_letters AS letters
LEFT JOIN (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY letter_id ORDER BY log_partition DESC, log_offset DESC, event_id) AS row_rank
  FROM letter_replays
) AS newest
  ON newest.letter_id = letters.letter_id AND newest.row_rank = 1
