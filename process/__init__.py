"""What every process does for itself: it sets up structured logs, its nice value and its environment."""
