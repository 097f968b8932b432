"""How the pipeline itself does: what is read, what is behind, what failed and what to do about it."""
