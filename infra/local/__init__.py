"""A real Kafka on this machine: its archives, its configuration, its life from start to stop."""
