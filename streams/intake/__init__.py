"""The HTTP door for those who do not speak Kafka.

Reads: events over HTTP. Does: checks each as triage checks what came by Kafka, remembers ids, waits for the broker.
Writes: tickets.events, customers.events and agents.events.
"""
