"""Triage: stateless understanding of every ticket event.

Reads: tickets.events, models.published. Does: scores what customers wrote, in micro-batches off the loop; passes
every event on, in order; emits watermarks. Writes: tickets.enriched, tickets.dead.
"""
