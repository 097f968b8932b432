"""Triage: what the model was not sure of, one ticket after the other, by keyboard."""
