"""The contract that the layers share.

Reads: nothing. Does: defines events, topics, tables and the ticket fold, as pure functions. Writes: nothing.
Needs the standard library, msgspec, pydantic and yaml, and nothing else.
"""
