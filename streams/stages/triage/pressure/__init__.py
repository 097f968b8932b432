"""How much of the encoder there is room for while records wait, and what leaving it out costs."""
