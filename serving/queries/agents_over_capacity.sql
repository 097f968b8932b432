-- How many agents have more tickets than they can take.
SELECT COUNT(*)
FROM workload_now
WHERE free < 0
