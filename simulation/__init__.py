"""A support desk in event time: the same tickets under several ways of routing, through the real stages.

Reads: a world (how many tickets, what they need, who works when) or a history. Does: drives the logic of cases,
roster and routing in memory, with agents and customers that act on what routing decides. Writes: figures by policy.
"""
