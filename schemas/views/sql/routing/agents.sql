-- One row per agent: the newest whole picture that was published, with the newest measured performance.
--   agent_id VARCHAR: the agent
--   home_team VARCHAR: the team that the agent belongs to
--   status VARCHAR: available, away or offline
--   capacity BIGINT: how many tickets the agent can hold at once
--   skills VARCHAR: JSON object of intent or category to 0..1
--   specialisations VARCHAR[]: intents or categories that are the agent's own
--   languages VARCHAR[]: languages that the agent answers in
--   supervises BOOLEAN: whether the agent takes no tickets
--   senior BOOLEAN: whether the agent takes any category of the team
--   performance DOUBLE: measured performance, 0..1; empty before it was first measured
--   performance_run_id VARCHAR: the batch run that measured it
--   performance_tickets BIGINT: how many resolved tickets it was measured on
--   updated_at TIMESTAMPTZ: event time of the newest picture
SELECT
  pictures.agent_id,
  pictures.home_team,
  pictures.status,
  pictures.capacity,
  pictures.skills,
  pictures.specialisations,
  pictures.languages,
  COALESCE(pictures.supervises, FALSE) AS supervises,
  COALESCE(pictures.senior, FALSE) AS senior,
  measures.performance,
  measures.run_id AS performance_run_id,
  measures.tickets AS performance_tickets,
  pictures.event_time AS updated_at
FROM (
  SELECT *,
    ROW_NUMBER() OVER (PARTITION BY agent_id ORDER BY logged_at DESC, log_partition DESC, log_offset DESC) AS row_rank
  FROM agent_events
  WHERE event_type = 'AgentUpdated'
) AS pictures
LEFT JOIN (
  SELECT *,
    ROW_NUMBER() OVER (PARTITION BY agent_id ORDER BY logged_at DESC, log_partition DESC, log_offset DESC) AS row_rank
  FROM agent_events
  WHERE event_type = 'AgentPerformanceMeasured'
) AS measures
  ON measures.agent_id = pictures.agent_id AND measures.row_rank = 1
WHERE pictures.row_rank = 1
