"""Measures a run after its stream: topics by a plain reader, answers by serving, both against the input."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from infra.demo.observation import dead_letter_ids, first_decisions, latencies, triaged_tickets, written
from infra.demo.outcome import CheckedAnswer, Outcome
from infra.demo.recount import Published, Question, questions
from infra.demo.serving_client import NotServedInTime, ServingClient
from infra.foundation.settings import InfraSettings
from schemas.errors import Permanent
from schemas.records.topics import Topic
from understanding.bundle.registry import current_or_first
from understanding.manifest.manifest import read_manifest

SOURCE: Final = "ticketyard/demo"
_STALLED_S: Final = 60.0
_BATCH_STALLED_S: Final = 300.0
_START_STALLED_S: Final = 300.0
_PAGE: Final = 5000


def wait_until_triage_works(settings: InfraSettings, triage_log: Path) -> None:
    """Wait until triage has told its first watermark, which it does once it has a model. Raises NotServedInTime."""
    deadline = time.monotonic() + _START_STALLED_S
    while not written(settings, Topic.TICKETS_ENRICHED):
        if time.monotonic() > deadline:
            raise NotServedInTime(f"triage does not work after {_START_STALLED_S:.0f} s; see {triage_log}")
        time.sleep(0.2)


def wait_until_served(client: ServingClient, published: Published) -> None:
    """Wait until serving has applied every published ticket event."""
    wanted = sum(hasattr(event, "ticket_id") for event in published.events)
    sql = "SELECT count(*) FROM ticket_events WHERE event_source = ?"
    client.wait_for_count(wanted, sql, SOURCE, stalled_s=_STALLED_S)


def wait_until_routed(
    settings: InfraSettings,
    client: ServingClient,
    published: Published,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until each opened ticket is decided or in a person's hands; give up where no more are for a minute."""
    fewest, fell_at = len(published.opened) + 1, clock()
    while undecided := set(published.opened) - set(first_decisions(settings)):
        if _held_by_people(client, undecided) == len(undecided):
            return
        if len(undecided) < fewest:
            fewest, fell_at = len(undecided), clock()
        if clock() - fell_at > _STALLED_S:
            return  # what is measured says how many
        sleep(0.5)


def wait_until_batch_is_served(
    client: ServingClient,
    batch_log: Path,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until serving's answers rest on a batch run, however long the batch worker is busy with it.

    Raises NotServedInTime, naming the worker's log, where that has not grown for five minutes.
    """
    length, grew_at = 0, clock()
    while client.answer("SELECT 1")["run_id"] is None:
        written = batch_log.stat().st_size if batch_log.exists() else 0
        if written != length:
            length, grew_at = written, clock()
        if clock() - grew_at > _BATCH_STALLED_S:
            raise NotServedInTime(
                f"no batch run is served, and batch has told nothing for {_BATCH_STALLED_S:.0f} s; see {batch_log}"
            )
        sleep(0.5)


def measure(
    settings: InfraSettings,
    client: ServingClient,
    published: Published,
    *,
    bad_records: int,
    started_at: float,
) -> Outcome:
    """Return what happened; `started_at` is the wall clock (s) of the demonstration's start."""
    decided = first_decisions(settings)
    opened = set(published.opened)
    current = current_or_first(settings.models_folder, settings.first_models_folder)
    if current is None:
        raise Permanent("there is no model; run `make setup`, which makes the first one")
    test = read_manifest(current.folder(settings.models_folder)).test
    return Outcome(
        events_in=len(published.events),
        tickets_in=len(opened),
        triaged=len(triaged_tickets(settings) & opened),
        routed=len(set(decided) & opened),
        held_by_people=_held_by_people(client, opened - set(decided)),
        dead=len(dead_letter_ids(settings)),
        bad_records_sent=bad_records,
        first_routed_after_s=min(decided.values(), default=float("inf")) / 1000 - started_at,
        latencies=latencies(published.sent_ms, decided),
        model_version=current.version,
        test_accuracy=test.accuracy if test else None,
        stream_accuracy=_accuracy(client, published),
        answers=tuple(_check(client, question) for question in questions(published)),
    )


def _held_by_people(client: ServingClient, undecided: set[str]) -> int:
    """Count the tickets that routing had nothing to decide on: they came with an agent, or finished."""
    held = 0
    for ticket_id in undecided:
        (row,) = client.rows(
            "SELECT count(*) FROM ticket_events WHERE ticket_id = ? AND revision = 1 "
            "AND (assignee IS NOT NULL OR status IN ('resolved', 'closed'))",
            ticket_id,
        )
        held += int(row[0])
    return held


def _accuracy(client: ServingClient, published: Published) -> float:
    """Return the share of tickets whose intent by the model is the simulator's truth, which never travelled."""
    right, after = 0, ""
    while True:
        rows = client.rows(
            "SELECT ticket_id, predicted_intent FROM tickets WHERE ticket_id > ? ORDER BY ticket_id LIMIT ?",
            after,
            _PAGE,
        )
        if not rows:
            return right / max(1, len(published.truths))
        right += sum(
            (truth := published.truths.get(ticket_id)) is not None and truth.intent == intent
            for ticket_id, intent in rows
        )
        after = rows[-1][0]


def _check(client: ServingClient, question: Question) -> CheckedAnswer:
    answer: dict[str, Any] = client.answer(question.sql)
    return CheckedAnswer(
        words=question.words,
        columns=[column["name"] for column in answer["columns"]],
        rows=answer["rows"],
        right=answer["rows"] == question.expected,
        run_id=answer["run_id"],
        boundary=_boundary(answer["boundary"]),
        watermark=answer["watermark"],
        freshness_s=answer["freshness_s"],
        complete=answer["complete"],
    )


def _boundary(boundary: Any) -> str:
    """Say in a line where batch ends and the tail begins in tickets.log."""
    partitions = boundary.get("tickets.log", {})
    return str(partitions)
