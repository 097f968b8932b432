"""What `make setup` makes beside .venv: Java archives, the encoder, the first model. `python -m infra.set_up`."""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console

from infra.local.jars import fetch_jars
from schemas.errors import PipelineError
from schemas.settings import CommonSettings


def set_up(settings: CommonSettings, console: Console) -> None:
    """Bring the set-up folder to what this version asks for; does nothing where it is.

    Steps: 1 Java archives, 2 the encoder in the form that is quickest here, 3 the first model.
    """
    fetch_jars(settings, console)  # Step 1
    say = _timed(console)
    # What computes takes seconds to load, and an archive that cannot be fetched is told before.
    from infra.encoder.make import make_encoder  # noqa: PLC0415

    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    prepared = make_encoder(settings.encoder_folder, say, threads=threads)  # Step 2
    say(f"encoder in place: {prepared.name} in {prepared.forms.chosen}")
    version = _first_model(settings, say, threads)  # Step 3
    say(f"first model in place: {version}")


def _first_model(settings: CommonSettings, say: Callable[[str], None], threads: int) -> str:
    from batch.foundation.settings import BatchSettings  # noqa: PLC0415 - as above
    from batch.promotion.first_model import make_first_model  # noqa: PLC0415 - as above
    from batch.promotion.training_data import gather  # noqa: PLC0415 - as above
    from schemas.intent_map import load_intent_map  # noqa: PLC0415 - as above
    from schemas.taxonomy import load_taxonomy  # noqa: PLC0415 - as above

    taxonomy = load_taxonomy(settings.taxonomy)
    data = gather(taxonomy, [], [], load_intent_map(settings.intent_map, taxonomy))
    return make_first_model(
        settings.first_models_folder,
        data,
        taxonomy=taxonomy,
        encoder_dir=settings.encoder_folder,
        options=BatchSettings().training.model_copy(update={"threads": threads}),
        now=datetime.now(UTC),
        progress=_once(say),
    )


def _once(say: Callable[[str], None]) -> Callable[[str, float], None]:
    """Return what tells of each step of a training when it begins first."""
    told: set[str] = set()

    def tell(what: str, _done: float) -> None:
        if what not in told:
            told.add(what)
            say(f"first model: {what}")

    return tell


def _timed(console: Console) -> Callable[[str], None]:
    """Return what prints a sentence with the seconds since now before it."""
    began = time.monotonic()

    def say(sentence: str) -> None:
        console.print(f"{time.monotonic() - began:4.0f} s  {sentence}", highlight=False, markup=False)

    return say


def main() -> int:
    """Set up; print one sentence and return 1 if that is not possible."""
    console = Console(stderr=True)
    try:
        set_up(CommonSettings(), console)
    except PipelineError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
