"""The summary for whoever takes a ticket over: what its customer wants, what was tried, what is due, what was promised.

Reads: a ticket's row, its events, its promised times. Does: chooses sentences that were written, makes none up.
"""
