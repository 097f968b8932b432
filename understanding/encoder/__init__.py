"""The encoder: its weights, words and network, in the form that is quickest on this processor."""
