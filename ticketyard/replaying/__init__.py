"""Replay: a file of tickets becomes events, by a mapping file, at a pace, from where it stopped.

Reads: CSV, JSON lines or Parquet, and a mapping. Does: publishes each row's events with ids that a repetition gives
again. Writes: the topics of producers, a rejects file, a progress file.
"""

from ticketyard.replaying.mapping import Mapping, MappingError, load_mapping
from ticketyard.replaying.pacing import AsFastAsPossible, EventTime, Pace, Rate
from ticketyard.replaying.replay import Replay, ReplaySummary
from ticketyard.replaying.replay_file import ReplayRequest, replay_file
from ticketyard.replaying.rows import RowFile, UnreadableFile

__all__ = [
    "AsFastAsPossible",
    "EventTime",
    "Mapping",
    "MappingError",
    "Pace",
    "Rate",
    "Replay",
    "ReplayRequest",
    "ReplaySummary",
    "RowFile",
    "UnreadableFile",
    "load_mapping",
    "replay_file",
]
