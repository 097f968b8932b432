"""Agents and teams: who is there, what they hold, and how it went, never by a handful of tickets."""
