"""The speed layer, on Faust.

Reads: tickets.events, agents.events, models.published. Does: triages, folds and routes each ticket event, one
transaction a step, acknowledged in order. Writes: tickets.enriched, .log, .work, .decisions, .dead, agents.roster.
"""
