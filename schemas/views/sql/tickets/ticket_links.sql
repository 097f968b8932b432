-- One row per ticket and other ticket that it has to do with: links that people set, splits and merges, from both ends.
--   ticket_id VARCHAR: the ticket
--   relation VARCHAR: what it is to the other: duplicate, duplicated_by, follow_up, followed_up_by, problem_of, incident_of, split_from, split_into, related, merged_into, merged_from
--   other_ticket_id VARCHAR: the other ticket
SELECT DISTINCT
  ticket_id,
  relation,
  other_ticket_id
FROM (
  SELECT
    CASE end_of_link WHEN 'own' THEN ticket_id ELSE other END AS ticket_id,
    CASE
      WHEN end_of_link = 'own' OR named = 'related' THEN named
      WHEN named = 'duplicate' THEN 'duplicated_by'
      WHEN named = 'duplicated_by' THEN 'duplicate'
      WHEN named = 'follow_up' THEN 'followed_up_by'
      WHEN named = 'followed_up_by' THEN 'follow_up'
      WHEN named = 'problem_of' THEN 'incident_of'
      WHEN named = 'incident_of' THEN 'problem_of'
      WHEN named = 'split_from' THEN 'split_into'
      WHEN named = 'split_into' THEN 'split_from'
      WHEN named = 'merged_into' THEN 'merged_from'
    END AS relation,
    CASE end_of_link WHEN 'own' THEN other ELSE ticket_id END AS other_ticket_id
  FROM (
    SELECT ticket_id, SPLIT_PART(link, ':', 1) AS named, SUBSTRING(link, INSTR(link, ':') + 1) AS other
    FROM (SELECT ticket_id, EXPLODE(links) AS link FROM tickets) AS each_link
    UNION ALL
    SELECT ticket_id, 'merged_into' AS named, merged_into AS other FROM tickets WHERE merged_into IS NOT NULL
  ) AS said
  CROSS JOIN (SELECT 'own' AS end_of_link UNION ALL SELECT 'other') AS ends
) AS both_ends
