"""How batch says what it does while it works."""

from collections.abc import Callable

Report = Callable[[str], None]
"""Takes one sentence at a time, for whoever started the work: a terminal shows it, a worker logs it."""
