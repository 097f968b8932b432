"""`ticketyard rules`: files are checked, and a changed one is tried on history before it is used."""

from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from batch.history.commits import Commit, HistoryFile, TopicCommit, write_commit
from casework.escalation.table import DEFAULT
from infra.cli.tickets.rules import command
from schemas.errors import Permanent
from schemas.records.derived import SourceEvent, TicketLogged
from schemas.records.envelope import encode_body
from schemas.records.events import TicketEvent
from schemas.records.ticket_row import TicketRow
from tests.unit.casework.escalation.rules_of import rules_of, table
from tests.unit.schemas.ticket_facts import fact, from_customer, minute, opened

NOW = 'version: "1"\nlevels: {1: {owner: {team: t}}}\nrules: [{name: old, when: {age: 2 h}, level: 1}]\n'
SOONER = NOW.replace("2 h", "10 min")
STORY: list[tuple[TicketEvent, float]] = [(opened(), 0), (from_customer(), 30)]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments], standalone_mode=False)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETYARD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TICKETYARD_ESCALATION", str(written(tmp_path, "now.yaml", NOW)))


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def lines_of(folder: Path) -> Path:
    """Write the story as CloudEvents in JSON lines."""
    events = [
        {
            "type": type(body).__name__,
            "id": f"e-{at}",
            "source": "crm",
            "time": minute(at),
            "data": msgspec.to_builtins(body),
        }
        for body, at in STORY
    ]
    return written(folder, "day.jsonl", "\n".join(msgspec.json.encode(each).decode() for each in events))


def archive_of(folder: Path) -> Path:
    """Write the story as batch archives it, with a record that was delivered twice."""
    row: TicketRow | None = None
    values: list[bytes] = []
    for body, at in STORY:
        event = SourceEvent(
            id=f"e-{at}",
            type=type(body).__name__,
            source="crm",
            time=minute(at),
            body=msgspec.Raw(encode_body(body)),
        )
        before, row = row, rules_of(table()).fold(row, fact(body, at))
        logged = TicketLogged(
            ticket_id=row.ticket_id,
            life=row.life,
            revision=row.revision,
            event=event,
            after=row,
            before=before,
        )
        values.append(encode_body(logged))
    values.append(values[0])
    pq.write_table(pa.table({"offset": range(len(values)), "value": values}), folder / "log.parquet")
    file = HistoryFile(
        path="log.parquet",
        partition=0,
        first_offset=0,
        last_offset=2,
        last_timestamp_ms=0,
        rows=len(values),
        size_bytes=0,
    )
    topic = TopicCommit(topic_id="id", start={0: 0}, end={0: 3}, files=(file,))
    write_commit(folder, Commit(number=1, created_at=minute(0), topics={"my.tickets.log": topic}))
    return folder


@pytest.mark.parametrize("history_of", [lines_of, archive_of])
def test_a_changed_file_is_tried_on_history(history_of: object, tmp_path: Path) -> None:
    """Both kinds of history show the ticket that the sooner rule would have escalated; the exit code says so."""
    folder = tmp_path / "history"
    folder.mkdir()
    history = history_of(folder)  # type: ignore[operator]  # one of the two above
    found = run("test", written(tmp_path, "mine.yaml", SOONER), "--on", history)

    assert found.return_value == 3, found.output
    assert "old, newly: T-1" in found.output
    same = run("test", written(tmp_path, "same.yaml", "# a comment\n" + NOW), "--on", history)
    assert (same.return_value, "newly:" in same.output) == (0, False)


def test_a_changed_file_of_sla_policies_is_tried_by_the_same_command(tmp_path: Path) -> None:
    """A target of five minutes was broken on the ticket that nobody answered in half an hour."""
    targets = "{first_reply: {low: 5 min, medium: 5 min, high: 5 min, urgent: 5 min, critical: 5 min}}"
    policies = f'version: "1"\npolicies: [{{name: strict, targets: {targets}}}]\n'
    mine = written(tmp_path, "sla.yaml", policies)
    found = run("test", mine, "--on", lines_of(tmp_path))

    assert found.return_value == 3, found.output
    assert "strict: first_reply breached, newly: T-1" in found.output
    assert "1 policies" in run("check", mine).output


def test_two_files_can_be_compared(tmp_path: Path) -> None:
    """Neither need be the one in use."""
    mine = written(tmp_path, "mine.yaml", SOONER)
    found = run("test", mine, "--on", lines_of(tmp_path), "--against", mine)

    assert (found.return_value, "newly:" in found.output) == (0, False)


def test_the_packaged_file_is_in_order() -> None:
    """The command says what is in it."""
    assert "13 rules, 2 levels" in run("check", DEFAULT).output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read"),
        ("a: 1", "neither `levels`"),
        ("- a", "neither `levels`"),
        ("levels: [", "not valid YAML"),
        (NOW.replace("2 h", "soon"), "line 3:"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(text: str | None, words: str, tmp_path: Path) -> None:
    """The message names the file, and the line where there is one."""
    path = tmp_path / "mine.yaml"
    if text is not None:
        path.write_text(text)
    refused = run("check", path)

    assert isinstance(refused.exception, Permanent)
    assert str(refused.exception).startswith(str(path))
    assert words in str(refused.exception)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "neither an archive"),
        ("{", "line 1: not a CloudEvent"),
        ('{"type": "TicketClosed", "data": {"ticket_id": "T-1"}}', "line 1: the event has no time"),
    ],
)
def test_history_that_cannot_be_read_is_named(text: str | None, words: str, tmp_path: Path) -> None:
    """The message says which line of which file, and what is needed."""
    history = tmp_path / "history.jsonl"
    if text is not None:
        history.write_text(text)
    refused = run("test", written(tmp_path, "mine.yaml", SOONER), "--on", history)

    assert isinstance(refused.exception, Permanent)
    assert str(history) in str(refused.exception)
    assert words in str(refused.exception)
