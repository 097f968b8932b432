"""What every section of a run is given, and a pipeline with the benchmark's model at work in a home of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from infra.foundation.settings import InfraSettings
from infra.running import RunningPipeline, running_pipeline
from schemas.taxonomy import Taxonomy
from tests.bench.decisions import offer_and_wait
from tests.bench.lives import Phase, lives
from tests.bench.trained_bundle import BenchModel
from tests.public_data.bundle_release import release_bundle

_WARM_UP: Final = (Phase(rate=10, seconds=5),)
_WARM_UP_SEED: Final = 7
_WARM_WITHIN_S: Final = 180.0


@dataclass(frozen=True, kw_only=True)
class BenchRun:
    """One run in a folder of its own; `alone` says that it was asked for single sections."""

    settings: InfraSettings
    taxonomy: Taxonomy
    folder: Path
    model: BenchModel
    rounds: int
    seconds: float
    alone: bool
    console: Console

    @property
    def bundle(self) -> Path:
        """Where the model lies."""
        return Path(self.model.folder)

    @property
    def long_rounds(self) -> int:
        """How often what takes minutes is repeated: in a run of all sections, once."""
        return self.rounds if self.alone else 1

    def say(self, sentence: str) -> None:
        """Tell how far it is."""
        self.console.print(f"  [dim]{sentence}[/]", highlight=False)


@contextmanager
def pipeline_at_work(run: BenchRun, name: str) -> Iterator[RunningPipeline]:
    """Start the whole pipeline as `up` does, release the model to it and let it decide a few tickets."""
    with running_pipeline(home_of(run, name), _silent) as pipeline:
        pipeline.start()
        release_bundle(pipeline.settings, run.bundle)
        warm = offer_and_wait(pipeline.settings, lives(_WARM_UP, _WARM_UP_SEED, run.taxonomy), _WARM_WITHIN_S)
        assert warm.undecided == 0, (
            f"{warm.undecided} tickets of the warm-up have no decision; see {run.folder}"
        )
        yield pipeline


def home_of(run: BenchRun, name: str) -> InfraSettings:
    """Return the settings of a home of its own inside the run's folder."""
    return InfraSettings(home=run.folder / name)


def _silent(_sentence: str) -> None:
    """The report is of figures."""
