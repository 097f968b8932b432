"""Wait for effects, never for time."""

import threading
import time
from collections.abc import Callable

from tests.patience import PATIENCE_S


def wait_for(reached: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Look until an effect is there; fail with `what` when it does not come in time."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not reached():
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        pause.wait(0.02)
