"""Word lists as YAML, and how they are read."""
