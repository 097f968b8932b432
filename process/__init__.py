"""What every process does for itself: structured logs, its place in line for the processor, its environment."""
