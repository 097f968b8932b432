"""Learning urgency from the examples beside this module, which are written for it.

Reads: `examples.jsonl`, the published encoder. Does: fits one logistic regression. Writes: the weights that
`understanding` carries, by `python -m batch.urgency` after a change of examples, phrases or encoder. Imports no Spark.
"""
