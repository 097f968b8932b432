"""The encoder: its weights, words and networks, in the form that is quickest on this processor."""
