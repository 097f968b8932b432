"""What follows from a verdict of the gate: the pointer and the announcement, whoever wrote it and died."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from batch.promotion.verdicts import Verdict, is_announced, note_announced
from batch.publishing import Announcement, publish
from schemas.model.registry import write_current
from schemas.topics import Topic

Progress = Callable[[str], None]


def follow(
    client_options: Mapping[str, Any], models: Path, verdict: Verdict, *, prefix: str, progress: Progress
) -> None:
    """Do what follows from a verdict, unless it has been done: also for the verdict of a run that died.

    Steps: 1 swap the pointer to the current model, 2 announce it, 3 note that this was done.
    """
    if is_announced(models, verdict):
        return
    event = verdict.event()
    if event is not None and verdict.pointer is not None:
        progress("promote 1: swap the pointer")
        write_current(models, verdict.pointer)
        progress("promote 2: announce the model")
        announcement = Announcement(
            topic=prefix + Topic.MODELS_PUBLISHED,
            key=event.version,
            id=verdict.id,
            time=verdict.decided_at,
            event=event,
        )
        publish(client_options, [announcement])
    progress("promote 3: note that it was done")
    note_announced(models, verdict)
