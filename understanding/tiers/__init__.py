"""The tiers of the cascade that read words: n-grams, the student beside them, several labels side by side."""
