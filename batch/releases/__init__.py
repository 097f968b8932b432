"""Which model decides and which are tried beside it: verdicts, an append-only history, and what follows from it.

Reads: verdicts and releases in `models/`. Does: places and removes bundles, promotes and rolls back by hand.
Writes: releases, the pointer to the current model, models.published.
"""
