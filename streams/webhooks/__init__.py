"""Webhooks: tells addresses of others about alerts.

Reads: tickets.alerts, the file of webhooks. Does: posts each alert, signed, to each address that wants it, until it is
taken or given up. Writes: alerts.deliveries, and tickets.dead for what was given up.
"""
