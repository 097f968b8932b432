"""The contract that the layers share.

Reads: nothing. Does: defines events, topics, tables, the ticket fold, the model bundle and its one `score`;
pure functions only, no engine is imported. Writes: nothing.
"""
