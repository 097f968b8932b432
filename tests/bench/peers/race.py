"""One round of one candidate: start it, let it answer a warm-up, then give it backlogs and time the last answer."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from infra.foundation.settings import InfraSettings
from infra.foundation.topics import ensure_topics, specs_of
from infra.processes.child import Child, ChildSpec
from infra.processes.home_lock import run_folder
from infra.running import running_pipeline
from schemas.records.topics import Topic
from tests.bench.lives import Due, Phase, at_once, lives
from tests.bench.offered_load import OfferedLoad
from tests.bench.peers.arrivals import Arrivals, NotAllArrived
from tests.bench.peers.candidates import Candidate
from tests.bench.peers.environment import ROOT
from tests.bench.peers.work import PeerArguments
from tests.bench.run import BenchRun, home_of
from tests.public_data.bundle_release import release_bundle

TEXTS: Final = "texts"
LIVES: Final = "whole lives"
_TEXTS, _RECORDS = 3_000, 8_000
_WARM_RECORDS: Final = 300
_STARTED_WITHIN_S: Final = 180.0
_DONE_WITHIN_S: Final = 180.0


class Rate(NamedTuple):
    """Records a second, and the share of them for which the encoder gave way."""

    per_second: float
    left_out: float


Rates = dict[tuple[str, str], list[Rate]]
"""By candidate and backlog, a value a round."""


def backlogs(run: BenchRun) -> dict[str, list[Due]]:
    """Return the records of each backlog: those with a customer's text alone, and whole lives."""
    texts = at_once(lives([Phase(50, 50)], 61, run.taxonomy))
    whole = at_once(lives([Phase(50, 60)], 62, run.taxonomy))
    return {TEXTS: [item for item in texts if item.said is not None][:_TEXTS], LIVES: whole[:_RECORDS]}


def race(
    run: BenchRun, candidates: Sequence[Candidate], loads: Mapping[str, Sequence[Due]], name: str
) -> Rates:
    """Let the candidates take turns, round by round, on one broker; raises NotAllArrived, naming who was late."""
    rates: Rates = {(candidate.name, load): [] for candidate in candidates for load in loads}
    with running_pipeline(home_of(run, name), lambda _sentence: None) as pipeline:
        for number in range(run.rounds):
            for candidate in candidates:
                run.say(f"{candidate.what}; round {number + 1}")
                settings = pipeline.settings.model_copy(
                    update={"topic_prefix": f"{candidate.name}-{number}."}
                )
                for load, rate in _one_round(run, candidate, settings, loads).items():
                    rates[candidate.name, load].append(rate)
    return rates


def _one_round(
    run: BenchRun, candidate: Candidate, settings: InfraSettings, loads: Mapping[str, Sequence[Due]]
) -> dict[str, Rate]:
    ensure_topics(settings.kafka_python_options(), specs_of(settings))
    if candidate.ours:
        release_bundle(settings, run.bundle)
    child = Child(_spec(run, candidate, settings))
    offered = OfferedLoad(settings)
    try:
        with Arrivals(settings) as arrivals:
            warm = at_once(lives([Phase(20, 20)], 60, run.taxonomy))[:_WARM_RECORDS]
            offered.offer(warm)
            arrivals.wait_for(len(warm), _STARTED_WITHIN_S)
            return {load: _rate(offered, arrivals, due) for load, due in loads.items()}
    except NotAllArrived as error:
        raise NotAllArrived(f"{candidate.what}: {error}; its log ends with\n{child.last_lines()}") from error
    finally:
        child.stop(grace_s=10.0)


def _rate(offered: OfferedLoad, arrivals: Arrivals, due: Sequence[Due]) -> Rate:
    began = time.monotonic()
    offered.offer(due)
    answered = arrivals.wait_for(len(due), _DONE_WITHIN_S)
    return Rate(len(due) / (answered.last_at - began), answered.left_out / len(due))


def _spec(run: BenchRun, candidate: Candidate, settings: InfraSettings) -> ChildSpec:
    name = settings.topic_prefix.rstrip(".")
    folder = settings.home / name
    folder.mkdir(parents=True, exist_ok=True)
    given = PeerArguments(
        bootstrap=settings.bootstrap_servers,
        source=settings.topic_prefix + Topic.TICKETS_EVENTS,
        target=settings.topic_prefix + Topic.TICKETS_ENRICHED,
        bundle=run.bundle,
        folder=folder,
        jars=Path(settings.jars_folder) / "spark",
    )
    environment = {
        "PYTHONPATH": str(ROOT),
        "TICKETYARD_HOME": str(settings.home),
        "TICKETYARD_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "TICKETYARD_TOPIC_PREFIX": settings.topic_prefix,
        **candidate.environment,
    }
    return ChildSpec(
        name=name,
        command=candidate.command(given),
        log_file=settings.logs_folder / f"{name}.log",
        run_folder=run_folder(settings.home),
        environment=environment,
    )
