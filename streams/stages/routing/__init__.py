"""The routing stage: one state per team, with its agents, their loads and its queue.

Reads: tickets.work, agents.roster. Does: gives each wanted ticket to the best free agent of its team, or queues it;
never gives an agent more than their capacity. Writes: tickets.decisions, agents.holdings.
"""
