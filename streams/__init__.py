"""The speed layer, on Faust.

Reads: tickets.events, agents.events, customers.events, models.published. Does: triages, folds and routes each ticket
event, and looks over each customer's tickets; one transaction a step, acknowledged in order.
Writes: tickets.enriched, .log, .work, .decisions, .alerts, .dead, customers.work, agents.roster.
"""
