"""Doors for operating: whether serving is alive, whether it is ready, and how it is doing.

They answer at once, on the thread that does nothing but HTTP, from what the tail last said. They ask no database and
stand in no line: whoever restarts a server because health is silent under load ends one that works.
"""

import msgspec
from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from serving.assembly.service import Serving
from serving.doors.metrics import ServingMetrics
from serving.foundation.json_values import Json
from serving.foundation.state import AnswerMetadata, Gap, ServedState
from serving.tail.status import TailStatus


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether serving works, what is wrong and what to do about it; `drift` is of the models, not of serving."""

    ok: bool
    problems: list[str]
    drift: list[str]
    gaps: list[Gap]
    tail: TailStatus
    answer: AnswerMetadata


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether answers are whole, and if not why."""

    ok: bool
    reasons: list[str]


def problems(status: TailStatus, state: ServedState, sql_failure: str | None = None) -> list[str]:
    """Return what is wrong, each with what to do."""
    found = []
    if not status.alive:
        why = status.failure or "it has not started or is stopping"
        found.append(f"the tail does not run ({why}); restart serving")
    if stuck := stuck_sentence(status):
        found.append(stuck)
    if status.run_error:
        instead = (
            "the one before still is" if state.run_id else "and no other is: answers are of the tail alone"
        )
        found.append(
            f"the newest batch run is not served, {instead} ({status.run_error}); run `ticketyard batch run` again"
        )
    if status.lease_error:
        found.append(
            f"{status.lease_error}; let serving write below the folder of views, or set TICKETYARD_KEEP_RUNS high"
        )
    if sql_failure:
        found.append(
            f"no process of SQL could be started ({sql_failure}); free memory or disk, the next statement tries again"
        )
    return found + [f"{gap.message}; {gap.act}" for gap in state.gaps]


def stuck_sentence(status: TailStatus) -> str | None:
    """Return what the tail waits for and what to do; None while it goes on."""
    if not status.waiting_for:
        return None
    return f"the tail cannot go on ({status.waiting_for}); check that Kafka runs, its address, and memory"


def drift_sentences(rows: list[Json]) -> list[str]:
    """Return a sentence for each row that is at a level above steady."""
    return [
        f"{row['level']}: {row['signal']} of model {row['model_version']} has drifted: {row['statistic']} "
        f"{row['distance']:.3f} in the week of {row['week']} against {row['reference_week']}; see docs/drift.md"
        for row in rows
        if row["level"] != "steady"
    ]


@get("/health", sync_to_thread=False)
def health(serving: NamedDependency[Serving]) -> Response[Health]:
    """Whether the process works: 503 only where a restart is needed; `problems` has the rest."""
    status, state = serving.status, serving.served
    body = Health(
        ok=status.alive,
        problems=problems(status, state, serving.sql_failure),
        drift=drift_sentences(serving.drift),
        gaps=list(state.gaps),
        tail=status,
        answer=serving.metadata(),
    )
    return Response(body, status_code=200 if status.alive else 503)


@get("/ready", sync_to_thread=False)
def ready(serving: NamedDependency[Serving]) -> Response[Readiness]:
    """503 until the tail has once been read to its end without a gap of its own; then 200."""
    status = serving.status
    why = [*serving.metadata().reasons, *problems(status, ServedState())]
    good = status.ready and status.alive
    return Response(Readiness(ok=good, reasons=[] if good else why), status_code=200 if good else 503)


@get("/metrics", media_type=MediaType.TEXT, sync_to_thread=False)
def metrics(serving: NamedDependency[Serving], measures: NamedDependency[ServingMetrics]) -> Response[bytes]:
    """Prometheus metrics."""
    measures.observe(serving.status, serving.served, serving.metadata(), serving.sql_processes)
    measures.observe_drift(serving.drift)
    return Response(generate_latest(measures.registry), media_type=CONTENT_TYPE_LATEST)


HANDLERS = (health, ready, metrics)
