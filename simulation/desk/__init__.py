"""One run: the real stages in memory, and agents and customers who act on what they decide, in event time."""
