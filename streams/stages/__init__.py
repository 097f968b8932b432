"""The stages, a folder each, and the registry of them by name."""
