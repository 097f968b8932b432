"""Cases: one state per ticket, and the only writer of its truth.

Reads: tickets.enriched, tickets.decisions. Does: drops what it has seen, folds the rest into the row of its
ticket, closes and retires by timers. Writes: tickets.log, tickets.work (what a team must know), tickets.dead.
"""
