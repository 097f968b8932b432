"""The next model: what it learns from, when it is due, and whether it may replace the current one.

Reads: taxonomy, labelled files, corrections. Does: trains and gates. Writes: bundles and the verdict in `models/`.
"""
