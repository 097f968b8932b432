"""The realtime tail: reads the served topics from the boundary on and hands their rows to the merge."""
