"""The next model: what it learns from, whether it may replace the current one, and how that is told.

Reads: taxonomy, labelled files, corrections. Does: trains and gates. Writes: bundles and the verdict in `models/`.
"""
