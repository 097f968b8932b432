"""How a part knows that the supervisor started it."""

from typing import Final

SUPERVISED: Final = "TICKETYARD_SUPERVISED"
"""Set by the supervisor in its parts' environment."""
