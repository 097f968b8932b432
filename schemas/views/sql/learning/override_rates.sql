-- One row per automatic decision, team and week: of how many tickets it was made, and of how many people changed it.
--   decision VARCHAR: intent, category, priority, team, assignee; others once people overrode one of them
--   team VARCHAR: the team that had the ticket when a person first overrode it, else the one that has it
--   week DATE: the Monday (UTC) of the week in which the tickets were opened
--   decided BIGINT: tickets of which it was decided automatically and stands, or was overridden
--   confirmed BIGINT: how many of them a person confirmed and nobody changed
--   overridden BIGINT: how many of them a person changed
--   override_rate DOUBLE: the share that a person changed; empty where only overrides are counted
SELECT
  decision,
  team,
  CAST(DATE_TRUNC('week', CAST(opened_at AS DATE)) AS DATE) AS week,
  COUNT(*) AS decided,
  COUNT(*) FILTER (WHERE is_overridden = 0) AS confirmed,
  COUNT(*) FILTER (WHERE is_overridden = 1) AS overridden,
  CASE
    WHEN decision IN ('intent', 'category', 'priority', 'team', 'assignee')
      THEN COUNT(*) FILTER (WHERE is_overridden = 1) * 1.0E0 / COUNT(*)
  END AS override_rate
FROM (
  SELECT
    tickets.ticket_id,
    decisions.decision,
    tickets.opened_at,
    COALESCE(touched.team, tickets.team) AS team,
    touched.is_overridden
  FROM tickets
  CROSS JOIN (
    SELECT 'intent' AS decision
    UNION ALL SELECT 'category'
    UNION ALL SELECT 'priority'
    UNION ALL SELECT 'team'
    UNION ALL SELECT 'assignee'
    UNION ALL SELECT 'escalation'
    UNION ALL SELECT 'sla_target'
    UNION ALL SELECT 'merge_proposal'
    UNION ALL SELECT 'recommendation'
    UNION ALL SELECT 'satisfaction_risk'
  ) AS decisions
  LEFT JOIN (
    SELECT
      ticket_id,
      decision,
      MAX(CASE WHEN changed THEN 1 ELSE 0 END) AS is_overridden,
      MIN(CASE WHEN row_rank = 1 THEN team END) AS team
    FROM (
      SELECT
        *, ROW_NUMBER() OVER (PARTITION BY ticket_id, decision ORDER BY life, revision) AS row_rank
      FROM overrides
      WHERE said_by IN ('model', 'routing', 'rules')
    ) AS ranked
    GROUP BY ticket_id, decision
  ) AS touched
    ON touched.ticket_id = tickets.ticket_id AND touched.decision = decisions.decision
  WHERE touched.ticket_id IS NOT NULL
    OR (decisions.decision IN ('intent', 'category') AND tickets.label_said_by = 'model')
    OR (decisions.decision = 'priority' AND tickets.priority_said_by = 'model')
    OR (decisions.decision = 'team' AND tickets.team_said_by = 'model')
    OR (decisions.decision = 'assignee' AND tickets.assignee_said_by = 'routing')
) AS decided
GROUP BY decision, team, CAST(DATE_TRUNC('week', CAST(opened_at AS DATE)) AS DATE)
