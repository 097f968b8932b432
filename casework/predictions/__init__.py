"""What is known of a ticket at a moment, what to say of its satisfaction on the first day, and what then to do.

Reads: a row after an event, the event, what a model foretold. Does: bands, recommendations, the alert. Writes: nothing.
"""
