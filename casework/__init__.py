"""The rules of a support desk, as pure functions: what is due on a ticket, and what follows when it is.

Reads: a ticket's row, a fact, today's files of rules. Does: settles what the rules say of a row, names its clocks.
Writes: nothing; the stages and batch call it, so that both get the same rows (invariant: one scorer, one fold).
"""
