"""Doors for operating: whether serving is alive, whether it is ready, and how it is doing."""

import msgspec
import structlog
from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from serving.assembly.service import Serving
from serving.foundation.errors import ServingError
from serving.foundation.state import AnswerMetadata, Gap, ServedState
from serving.http.answers import Json, json_rows
from serving.http.metrics import ServingMetrics
from serving.merge.answers import Snapshot
from serving.merge.view_sql import NEWEST_DRIFT
from serving.tail.status import TailStatus

_log = structlog.get_logger(__name__)


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


def problems(status: TailStatus, state: ServedState) -> list[str]:
    """Return what is wrong, each with what to do."""
    found = []
    if not status.alive:
        why = status.failure or "it has not started or is stopping"
        found.append(f"the tail does not run ({why}); restart serving")
    if status.waiting_for:
        found.append(f"the tail cannot go on ({status.waiting_for}); check that Kafka runs, and its address")
    if status.run_error:
        instead = (
            "the one before still is" if state.run_id else "and no other is: answers are of the tail alone"
        )
        found.append(
            f"the newest batch run is not served, {instead} ({status.run_error}); run `ticketyard batch run` again"
        )
    return found + [f"{gap.message}; {gap.act}" for gap in state.gaps]


def newest_drift(snapshot: Snapshot) -> list[Json] | None:
    """Return the rows of `model_drift` of the newest judged week, as the batch run has them.

    None where they cannot be read, as while others' queries take all memory or time; the log says why. Health and
    metrics must answer then too: whoever restarts a server over it ends one that works.
    """
    try:
        return json_rows(snapshot.rows(f"FROM {NEWEST_DRIFT}").table)
    except ServingError as error:
        _log.warning("drift cannot be shown", error=str(error))
        return None


def drift_sentences(rows: list[Json] | None) -> list[str]:
    """Return a sentence for each row that is at a level above steady, or one that they could not be read."""
    if rows is None:
        return ["drift could not be read now; the server's log says why"]
    return [
        f"{row['level']}: {row['signal']} of model {row['model_version']} has drifted: {row['statistic']} "
        f"{row['distance']:.3f} in the week of {row['week']} against {row['reference_week']}; see docs/drift.md"
        for row in rows
        if row["level"] != "steady"
    ]


@get("/health")
async def health(serving: NamedDependency[Serving]) -> Response[Health]:
    """Whether the process works: 503 only where a restart is needed; `problems` has the rest."""

    def question(snapshot: Snapshot) -> Response[Health]:
        status = serving.status
        body = Health(
            ok=status.alive,
            problems=problems(status, snapshot.state),
            drift=drift_sentences(newest_drift(snapshot)),
            gaps=list(snapshot.state.gaps),
            tail=status,
            answer=snapshot.metadata(serving.clock()),
        )
        return Response(body, status_code=200 if status.alive else 503)

    return await serving.ask(question)


@get("/ready")
async def ready(serving: NamedDependency[Serving]) -> Response[Readiness]:
    """503 until the tail has once been read to its end without a gap of its own; then 200."""

    def question(snapshot: Snapshot) -> Response[Readiness]:
        status = serving.status
        why = [*snapshot.metadata(serving.clock()).reasons, *problems(status, ServedState())]
        good = status.ready and status.alive
        return Response(Readiness(ok=good, reasons=[] if good else why), status_code=200 if good else 503)

    return await serving.ask(question)


@get("/metrics", media_type=MediaType.TEXT)
async def metrics(
    serving: NamedDependency[Serving], measures: NamedDependency[ServingMetrics]
) -> Response[bytes]:
    """Prometheus metrics."""

    def question(snapshot: Snapshot) -> bytes:
        measures.observe(serving.status, snapshot.state, snapshot.metadata(serving.clock()))
        measures.observe_drift(newest_drift(snapshot) or [])
        return generate_latest(measures.registry)

    return Response(await serving.ask(question), media_type=CONTENT_TYPE_LATEST)


HANDLERS = (health, ready, metrics)
