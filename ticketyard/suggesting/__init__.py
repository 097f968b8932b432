"""Suggesting: a draft of a mapping for a file that nobody has mapped yet.

Reads: the first rows of a file. Does: recognises columns by their headings, formats and words by their values.
Writes: nothing; it gives YAML in which everything that a person must decide is named.
"""

from ticketyard.suggesting.suggest import suggest_mapping

__all__ = ["suggest_mapping"]
