"""Learning a model from labelled rows, and measuring it.

Reads: labelled files, the taxonomy, the frozen encoder. Does: fits both tiers, calibrates them, learns the
threshold between them, evaluates, compares. Writes: a model bundle. Imports no Spark, so it runs on a laptop.
"""
