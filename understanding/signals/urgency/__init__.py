"""How much a message presses: what its phrases say for or against it, and what a negation does to them."""
