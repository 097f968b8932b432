"""Replay: a file of tickets becomes events, by a mapping file, at a pace, from where it stopped.

Reads: rows and a mapping. Does: publishes each row's events with ids that a repetition gives again, or says what it
would publish. Writes: the topics of producers, a rejects file, a progress file.
"""

from ticketyard.replaying.check import CheckReport, check_file
from ticketyard.replaying.pacing import AsFastAsPossible, EventTime, Pace, Rate
from ticketyard.replaying.replay import Replay, ReplaySummary
from ticketyard.replaying.replay_file import ReplayRequest, replay_file

__all__ = [
    "AsFastAsPossible",
    "CheckReport",
    "EventTime",
    "Pace",
    "Rate",
    "Replay",
    "ReplayRequest",
    "ReplaySummary",
    "check_file",
    "replay_file",
]
