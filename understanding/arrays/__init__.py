"""Arrays: how a bundle stores them, and the few formulas that turn scores into probabilities."""
