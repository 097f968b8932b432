"""Models of what becomes of tickets: fitted on outcomes and surveys, judged on the latest of them.

Reads: tickets.log in the archive. Does: fits, calibrates, measures. Writes: folders of models.
"""
