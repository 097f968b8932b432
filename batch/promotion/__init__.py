"""The next model: what it learns from, whether it may replace the current one, and how others hear of that.

Reads: taxonomy, labelled files, corrections. Does: trains and gates. Writes: bundles and the verdict in `models/`.
"""
