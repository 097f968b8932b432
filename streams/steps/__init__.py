"""The mechanism of every stateful stage: a step in memory, then one transaction, the outbox, the offsets.

The logic of a stage sees `Step`, `Forgetting` and `state_key` of it, does no I/O and knows no Kafka.
"""
