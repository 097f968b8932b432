"""What moves, as server-sent events: one reading for all who listen, resumed by id, with a bound on slow readers."""
