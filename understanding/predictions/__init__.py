"""What is foretold of a ticket: trees, what past outcomes say of its words, and the two on disk.

Reads: what is known of tickets (`schemas.predictions`), a folder. Does: forecasts with factors. Writes: a folder.
"""
