"""Why a model says what it says about a text.

Reads: a loaded bundle and one text. Does: finds the shares of words and n-grams in the answer, and the nearest
examples. Writes: nothing.
"""
