"""How long tests wait for what must come: it says nothing about the code, only when a test gives up on it."""

from typing import Final

PATIENCE_S: Final = 180.0
"""Starting a process alone takes a minute where ten others want the same core."""
