"""Entities with offsets and normalised values: `recognition.find_entities` is the door."""
