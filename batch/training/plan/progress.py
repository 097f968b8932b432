"""How far a training is: told by what does the work, shown by whoever started it."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Told what is being done and how much of it is done, 0 to 1."""


def by_tenths(progress: Progress) -> Progress:
    """Return a function that passes on a step's begin and each tenth that it reaches: enough for a log."""
    reached: dict[str, int] = {}

    def tell(what: str, done: float) -> None:
        tenth = int(10 * done)
        if tenth < reached.get(what, 11):  # the step is new, or begins again
            reached[what] = -1
        if tenth > reached[what]:
            reached[what] = tenth
            progress(what, done)

    return tell
