"""The demonstration: a whole pipeline, a simulated operation, a batch cycle in the middle, every answer checked."""
