"""Cases: one state per ticket, and the only writer of its truth.

Reads: tickets.enriched, tickets.decisions. Does: drops events that it has seen, folds the others into their ticket's
row, and closes and retires tickets by timers. Writes: tickets.log, tickets.work (what a team must know), tickets.dead.
"""
