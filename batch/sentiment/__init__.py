"""Learning sentiment from labelled rows, and measuring it.

Reads: labelled files, the packaged examples. Does: fits the weights of words and of the encoder's vectors, chooses
thresholds on validation rows, evaluates. Writes: a folder with a sentiment model. Imports no Spark, so it runs on a
laptop.
"""
