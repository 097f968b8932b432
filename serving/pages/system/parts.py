"""What serving cannot see itself: the parts of its home, by the supervisor's report and by each worker's metrics."""

import asyncio
import http.client
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from process.parts_report import FRESH_S, PartReport, PartsReport, read_parts

_WAIT_S: Final = 1.0
KEPT_S: Final = 5.0
"""How long what was found is shown to others who look, before workers are asked again."""

RUNNING: Final = "running"
_LAG: Final = "ticketyard_lag_records"
_DIRECTLY: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Workers are of this machine: a proxy of the environment does not reach them."""

_STEP: Final = "ticketyard_step_seconds"
_LOADED: Final = "ticketyard_model_loaded"
Metrics = Mapping[str, list[tuple[Mapping[str, str], float]]]
"""By the name of a sample: its labels and value."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage in one worker: records not yet handled, and how long its steps took since it started, in seconds."""

    part: str
    stage: str
    lag: float | None
    p50_s: float | None
    p99_s: float | None
    p999_s: float | None


class LoadedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model of intents that a worker has loaded, and for what: champion, canary, shadow or standby."""

    part: str
    role: str
    version: str


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found; `unknown` says what could not be, and why; `failing` names parts with what to do."""

    parts: tuple[PartReport, ...]
    stages: tuple[Stage, ...]
    models: tuple[LoadedModel, ...]
    failing: tuple[str, ...]
    unknown: tuple[str, ...]


class Watch:
    """Looks at the parts of a home, once for all who ask within five seconds."""

    def __init__(self, home: Path, now: Callable[[], datetime]) -> None:
        self._home = home
        self._now = now
        self._looking = asyncio.Lock()
        self._seen: Seen | None = None
        self._seen_at = float("-inf")

    async def look(self) -> Seen:
        """Return how the parts are."""
        async with self._looking:
            if self._seen is None or time.monotonic() - self._seen_at >= KEPT_S:
                self._seen = await self._look()
                self._seen_at = time.monotonic()
            return self._seen

    async def _look(self) -> Seen:
        try:
            report = await asyncio.to_thread(read_parts, self._home)
        except (OSError, msgspec.DecodeError) as error:
            return _unseen(f"the supervisor's report in {self._home / 'run'} cannot be read: {error}")
        if report is None:
            return _unseen(
                "no supervisor reports on the parts of this home, so only serving's own side is known; "
                "`ticketyard up` is one"
            )
        asked = [part for part in report.parts if part.metrics_url and part.state == RUNNING]
        pages = await asyncio.gather(*(asyncio.to_thread(_fetch, part.metrics_url) for part in asked))
        return seen(report, dict(zip((part.name for part in asked), pages, strict=True)), self._now())


def seen(report: PartsReport, pages: Mapping[str, Metrics | str], now: datetime) -> Seen:
    """Return what a report and the metrics of its workers say; a text in place of metrics is why there are none."""
    age_s = (now - report.at).total_seconds()
    unknown = [
        f"{name} does not tell its metrics: {page}" for name, page in pages.items() if isinstance(page, str)
    ]
    if age_s > FRESH_S:
        unknown.append(
            f"the supervisor last said {age_s:.0f} s ago how the parts are; if `ticketyard up` no longer runs, start it"
        )
    return Seen(
        parts=report.parts,
        stages=tuple(
            stage
            for name, page in pages.items()
            if not isinstance(page, str)
            for stage in stages_of(name, page)
        ),
        models=tuple(
            model
            for name, page in pages.items()
            if not isinstance(page, str)
            for model in models_of(name, page)
        ),
        failing=tuple(failing(report.parts)),
        unknown=tuple(unknown),
    )


def failing(parts: Iterable[PartReport]) -> Iterable[str]:
    """Yield a sentence for each part that does not run, with what to do."""
    acts = {
        "failed": "it is not started again: mend what its log says, then run `ticketyard up` again",
        "waiting to restart": "it is started again by itself; if it keeps ending, its log says why",
        "starting": "wait until it is ready; its log says how far it is",
        "stopped": "start it by `ticketyard up`",
    }
    for part in parts:
        if part.state != RUNNING:
            ended = f", {part.last_exit}" if part.last_exit else ""
            yield f"{part.name} is {part.state}{ended}; {acts[part.state]} ({part.log_file})"


def stages_of(part: str, metrics: Metrics) -> Iterable[Stage]:
    """Yield the stages that a worker's metrics tell of."""
    for labels, lag in metrics.get(_LAG, []):
        stage = labels.get("stage")
        if stage is None:  # of a worker of another version
            continue
        buckets = [
            (float(of["le"]), count)
            for of, count in metrics.get(f"{_STEP}_bucket", [])
            if of.get("stage") == stage and "le" in of
        ]
        p50_s, p99_s, p999_s = (quantile(buckets, share) for share in (0.5, 0.99, 0.999))
        yield Stage(part=part, stage=stage, lag=lag, p50_s=p50_s, p99_s=p99_s, p999_s=p999_s)


def models_of(part: str, metrics: Metrics) -> Iterable[LoadedModel]:
    """Yield the models that a worker's metrics say it has loaded."""
    for labels, loaded in metrics.get(_LOADED, []):
        if loaded and {"role", "version"} <= labels.keys():
            yield LoadedModel(part=part, role=labels["role"], version=labels["version"])


def quantile(buckets: Iterable[tuple[float, float]], share: float) -> float | None:
    """Return the upper bound of the bucket in which a share of all lies; None of nothing, or above all bounds."""
    found = sorted(buckets)
    if not found or not found[-1][1]:
        return None
    wanted = share * found[-1][1]
    bound = next(le for le, count in found if count >= wanted)
    return None if bound == float("inf") else bound


def parse(text: str) -> Metrics:
    """Return the samples of a Prometheus page by name. Raises ValueError."""
    found: dict[str, list[tuple[Mapping[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def _fetch(url: str) -> Metrics | str:
    try:
        with _DIRECTLY.open(url, timeout=_WAIT_S) as answer:
            return parse(answer.read().decode())
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{url} ({error or type(error).__name__})"


def _unseen(why: str) -> Seen:
    return Seen(parts=(), stages=(), models=(), failing=(), unknown=(why,))
