"""Comparing: paired intervals, the load that is solved, and what a history gives."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records.derived import SourceEvent, TicketLogged
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Category, Channel, Priority, Status
from simulation.compare import Run, difference, simulate
from simulation.history import HistoryError, read_history
from simulation.picture import draw
from simulation.report import report_of
from tests.unit.simulation.small_world import small_run, small_world


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30), st.floats(-10, 10))
def test_what_both_have_in_common_does_not_widen_the_interval(values: list[float], more: float) -> None:
    """Pairs differ by `more` each, however the seeds differ from each other."""
    found = difference([value + more for value in values], values)
    assert found.mean == pytest.approx(more, abs=1e-6)
    assert found.low == pytest.approx(found.high, abs=1e-6)


def test_the_interval_is_that_of_students_t() -> None:
    """Against figures worked out by hand: mean 2, deviation 1, three pairs, t = 4.303."""
    found = difference([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert (found.mean, round(found.low, 3), round(found.high, 3)) == (2.0, -0.484, 4.484)


def _event(ticket_id: str, hour: int, **fields: object) -> bytes:
    data = {"ticket_id": ticket_id, "customer_id": "C-1", "channel": "email", **fields}
    return msgspec.json.encode(
        {"type": "TicketOpened", "time": f"2026-04-01T{hour:02d}:30:00Z", "data": data}
    )


def test_a_history_of_json_lines_is_played_to_the_worlds_people(tmp_path: Path) -> None:
    """Moments, channels, priorities and subjects are the log's; other events say nothing about arrivals."""
    lines = [
        _event("T-2", 11, category="refund_request", intent="refund_late", priority="urgent"),
        b'{"type": "TicketResolved", "time": "2026-04-01T12:00:00Z", "data": {"ticket_id": "T-2"}}',
        _event("T-1", 9, category="technical_support"),
        _event("T-3", 10),
    ]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines))
    world = small_world()
    history = read_history(tmp_path, world)
    first, second = history.openings
    assert (first.ticket_id, first.at_s, first.team, first.intent) == (
        "T-1",
        9.5 * 3600,
        "technical",
        "technical_support",
    )
    assert (second.priority, second.channel, second.team) == (Priority.URGENT, Channel.EMAIL, "billing")
    figures = simulate(Run(world=world, policy="ours", seed=1, demand=history))
    assert figures.tickets == figures.solved == 2


def _logged(ticket_id: str, kind: str, row: TicketRow) -> bytes:
    event = SourceEvent(id=kind, type=kind, source="crm", time=row.opened_at, body=msgspec.Raw(b"{}"))
    return msgspec.json.encode(TicketLogged(ticket_id=ticket_id, life=0, revision=1, event=event, after=row))


def test_an_archive_says_what_triage_made_of_an_opening(tmp_path: Path) -> None:
    """Only files that a commit names count, and of each ticket only its opening."""
    row = TicketRow(
        ticket_id="T-1",
        life=0,
        revision=1,
        routing_revision=1,
        status=Status.NEW,
        opened_at=datetime(2026, 4, 1, 9, tzinfo=UTC),
        last_event_at=datetime(2026, 4, 1, 9, tzinfo=UTC),
        category=Category.REFUND_REQUEST,
        intent="refund_late",
    )
    values = [_logged("T-1", "TicketOpened", row), _logged("T-1", "MessageAdded", row)]
    for name in ("named", "unnamed"):
        pq.write_table(pa.table({"value": pa.array(values, pa.binary())}), tmp_path / f"{name}.parquet")
    (tmp_path / "_commits").mkdir()
    commit = {"topics": {"a.tickets.log": {"files": [{"path": "named.parquet"}]}}}
    (tmp_path / "_commits" / "00000001.json").write_bytes(msgspec.json.encode(commit))
    (opening,) = read_history(tmp_path, small_world()).openings
    assert (opening.intent, opening.team, opening.at_s) == ("refund_late", "billing", 9 * 3600.0)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"nonsense", "events.jsonl, line 1: no CloudEvent"),
        (_event("T-1", 9), "no opening of a ticket has a category of the world"),
    ],
)
def test_a_history_that_tells_nothing_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    """The message names the file and line, or what all tickets lack."""
    (tmp_path / "events.jsonl").write_bytes(content)
    with pytest.raises(HistoryError, match=told):
        read_history(tmp_path, small_world())
    with pytest.raises(HistoryError, match="is no folder"):
        read_history(tmp_path / "nowhere", small_world())


def test_a_report_compares_the_first_policy_with_the_others(tmp_path: Path) -> None:
    """A policy compared with itself differs by nothing, and the picture says who it was."""
    figures = [simulate(small_run("document", seed)) for seed in (1, 2)]
    report = report_of({"ours": figures, "document": figures}, seeds=(1, 2), tickets_a_week=1.0)
    assert report.differences["document"]["sla_met"].mean == 0
    assert report.mean("ours", "sla_met") == report.mean("document", "sla_met") > 0
    draw(report, tmp_path / "picture.svg")
    assert "document" in (tmp_path / "picture.svg").read_text(encoding="utf-8")
