"""Mapping: how the rows of somebody's file become events, as a YAML file says it.

Reads: a mapping file, rows. Does: checks the mapping before any row, then each row against it and the contract.
Writes: nothing; it gives events with their ids and times, or the reason why a row is none.
"""

from ticketyard.mapping.mapper import MappedEvent, MappedRow, Mapper
from ticketyard.mapping.mapping_file import Mapping, MappingError, load_mapping, parse_mapping

__all__ = ["MappedEvent", "MappedRow", "Mapper", "Mapping", "MappingError", "load_mapping", "parse_mapping"]
