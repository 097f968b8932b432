"""The page that is left open: what waits now, with whom, and whether it flows."""
