"""The roster stage: one state per agent, which says who is on which team's roster.

Reads: agents.events, agents.holdings. Does: folds each agent's newest picture, performance and holdings
elsewhere into one snapshot; lets an agent join a team only after the old one let go. Writes: agents.roster.
"""
