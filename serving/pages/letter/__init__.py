"""One dead letter: why its record died, the record, and what people have done about it."""
