"""What the sections share: where the data are, and the models that several of them measure, each trained once."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from batch.foundation.training_options import TrainingOptions
from batch.training.rows.rows import LabelledRow
from batch.training.train import train_bundle
from schemas.taxonomy import load_taxonomy

SEED: Final = 20_240
THREADS: Final = 2
BARS: Final = TrainingOptions(
    seed=SEED, threads=THREADS, encoder="fine-tuned", quality=0.0, high_accuracy=0.99, medium_accuracy=0.985
)
"""What the bars state, asked of every data set: the best accuracy, and so much of the bands.

The section on speed takes another point of the same curve.
"""


@dataclass
class BenchContext:
    """The surroundings of one run; a bundle is trained when a section first asks for it.

    With `models` outside of the run's own folder bundles stay there and are used again, which is good for
    working on a section and no measurement of training.
    """

    data: Path
    encoder_folder: Path
    models: Path
    console: Console
    training_seconds: dict[str, float] = field(default_factory=dict)

    def file(self, relative: str) -> Path:
        """Return a data file; SystemExit names it where it is missing."""
        found = self.data / relative
        if not found.exists():
            raise SystemExit(f"{found} is missing: set TICKETYARD_DATA to the folder of public data sets")
        return found

    def bundle(
        self,
        name: str,
        rows: Callable[[], Sequence[LabelledRow]],
        *,
        options: TrainingOptions = BARS,
    ) -> Path:
        """Return the folder of the bundle of this name, trained on these rows if it is not there yet."""
        out = self.models / name
        if out.exists():
            return out
        self.console.print(f"training {name}", highlight=False)
        began = time.monotonic()
        train_bundle(
            rows(),
            options,
            taxonomy=load_taxonomy(),
            encoder_dir=self.encoder_folder,
            out=out,
            created_at=datetime.now(UTC),
            inputs=(),
            progress=lambda _what, _done: None,
        )
        self.training_seconds[name] = time.monotonic() - began
        return out
