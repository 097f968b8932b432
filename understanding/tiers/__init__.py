"""The tiers of the cascade that read words: n-grams, several labels side by side."""
