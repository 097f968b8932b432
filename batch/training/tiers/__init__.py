"""Step 3 of a training: the tiers are fitted, n-grams first, then the heads of the encoder."""
