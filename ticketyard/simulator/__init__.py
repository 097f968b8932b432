"""A seeded support operation: customers, agents, whole ticket lives, and the truth to measure against.

Reads: the phrases beside it. Does: draws events from a seed, purely. Writes: nothing; a caller publishes
what it yields.
"""

from ticketyard.simulator.config import SimulationConfig
from ticketyard.simulator.load import load
from ticketyard.simulator.simulation import simulate
from ticketyard.simulator.timed import TicketTruth, TimedEvent

__all__ = ["SimulationConfig", "TicketTruth", "TimedEvent", "load", "simulate"]
