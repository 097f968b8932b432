"""What other rules would have done to history: tickets folded again, in event time, with what falls due in between.

Reads: facts of a log, rules. Does: folds them, lets clocks fire, counts what they raised. Writes: nothing.
"""
