"""From clean text to a decision: `scoring.score` asks the tiers of a bundle one after the other."""
