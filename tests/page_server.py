"""`python -m tests.page_server HOME [PORT]`: serving over a made-up log; each line of its input adds to it."""

import random
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from kafka.errors import KafkaConnectionError

from infra.model_changes import ModelsByCommand
from schemas.records.derived import RecordDied
from schemas.records.envelope import Envelope, encode_headers
from schemas.records.events import TicketOpened
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.records.topics import Topic
from schemas.vocabulary import Category, Channel, Priority, Status
from serving.assembly.service import Serving, utc_now
from serving.foundation.settings import ServingSettings
from serving.http import server
from serving.tail.progress import Place
from serving.tail.rows import TailRecord, arrow_table
from tests.simulated_logs import START, SimulatedLogs, served_until
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.merge_bench import LOG, write_run
from tests.unit.serving.ticket_log import record, ticket_row

TEAMS = ("accounts", "billing", "technical")
HOSTILE = {1: "<script>alert(1)</script>", 7: "=1+1", 11: "a" * 2_000_000, 13: "\u202erefund \u0007now"}
SUBJECTS = ("Where is my refund?", "The app crashes at login", "Rechnung falsch", "أين طلبي")


def made_up(number: int, draw: random.Random, now: datetime) -> TicketRow:
    """Return a ticket of the last three weeks."""
    opened = now - timedelta(minutes=1 + draw.expovariate(1 / (4 * 24 * 60)))
    ends = opened + timedelta(minutes=draw.expovariate(1 / 240))
    done, held = ends < now, draw.random() < 0.6
    corrected = number % 10 == 0
    work = Work.NONE if done else Work.HELD if held else Work.WANTED
    return ticket_row(
        f"T/{number}",
        1,
        1,
        subject=HOSTILE.get(number, draw.choice(SUBJECTS)),
        customer_id=f"C{number}",
        team=draw.choice(TEAMS),
        channel=draw.choice(list(Channel)),
        category=draw.choice(list(Category)),
        priority=draw.choice(list(Priority)),
        intent="double_charge" if number % 20 == 0 else "refund_status",
        predicted_intent="refund_status",
        model_version="4be1c0ffee12",
        corrected=corrected,
        label_said_by=Said.PEOPLE if corrected else Said.MODEL,
        band="low" if number % 4 == 0 else "high",
        confidence=0.31 if number % 4 == 0 else 0.97,
        language="en",
        opened_at=opened,
        last_event_at=ends if done else opened,
        status=Status.RESOLVED if done else Status.ASSIGNED if held else Status.NEW,
        work=work,
        assignee=f"agent-{number % 9}" if done or held else None,
        waiting_since=opened if work is Work.WANTED else None,
        agent_replies=draw.randint(1, 2) if done else 0,
        first_replied_at=opened + timedelta(minutes=5) if done else None,
        first_resolved_at=ends if done else None,
        resolved_at=ends if done else None,
        last_assignee=f"agent-{number % 9}" if done or held else None,
        merged_into="T/9" if done and number % 50 == 10 else None,
        survey_score=draw.choice([None, 3, 4, 5]) if done else None,
    )


def add(log: MemoryLog, row: TicketRow) -> None:
    """Log a ticket's opening."""
    body = TicketOpened(
        ticket_id=row.ticket_id,
        customer_id=row.customer_id or "C",
        channel=Channel.EMAIL,
        subject=row.subject or "",
        text=f"Hello, <img src=x onerror=alert(2)>\n{row.subject}",
    )
    log.add(record(row, 0, 0, body))


LETTERS = (
    (
        "triage",
        "InvalidBody",
        "tickets.events",
        "TicketOpened letter-0: Object missing required field `customer_id`",
    ),
    (
        "triage",
        "InvalidBody",
        "tickets.events",
        "TicketOpened letter-1: Object missing required field `customer_id`",
    ),
    (
        "triage",
        "EventFromTheFuture",
        "tickets.events",
        "MessageAdded letter-2 is of 2031, later than the clock allows",
    ),
    (
        "cases",
        "DuplicateConflict",
        "tickets.enriched",
        "<b>letter-3</b> was seen before and said something else",
    ),
)


def die(log: MemoryLog, now: datetime) -> None:
    """Let records die: `letter-0` and so on."""
    for number, (stage, error, topic, message) in enumerate(LETTERS):
        died = RecordDied(
            stage=stage, error=error, message=message, topic=topic, topic_id="id", partition=1,
            offset=number, timestamp_ms=int(now.timestamp() * 1000), headers=(("ce_source", b"shop"),),
        )  # fmt: skip
        envelope = Envelope(id=f"letter-{number}", type="RecordDied", source=f"ticketyard/{stage}", time=now)
        log.add(
            TailRecord(
                topic=Topic.TICKETS_DEAD,
                partition=0,
                offset=0,
                timestamp_ms=died.timestamp_ms,
                headers=[*encode_headers(envelope), ("dead", msgspec.json.encode(died))],
                value=b"{}",
            )
        )


class PatientLog(MemoryLog):
    """A log that is waited for as Kafka is, so that a server with nothing to do does nothing."""

    def poll(self, timeout_ms: int, limit: int) -> list[TailRecord]:
        """Return what is there, or after a while nothing."""
        found = super().poll(timeout_ms, limit)
        if not found:
            threading.Event().wait(timeout_ms / 1000)
        return found


class SilentLog(PatientLog):
    """A log from which nothing more comes, although Kafka says that there is more."""

    silent = False

    def poll(self, timeout_ms: int, limit: int) -> list[TailRecord]:
        """Return what is there; fall silent after that."""
        found = super().poll(timeout_ms, limit)
        self.silent = not found
        return found

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return next offsets, one too high once it has fallen silent."""
        return {place: end + self.silent for place, end in super().ends(places).items()}


class LostLog(PatientLog):
    """A log whose Kafka goes away once it has been read."""

    gone = False

    def ends(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return next offsets, as long as there is a Kafka."""
        if self.gone:
            raise KafkaConnectionError("127.0.0.1:9092 refuses")
        return super().ends(places)

    def poll(self, timeout_ms: int, limit: int) -> list[TailRecord]:
        """Return what is there, and go away where there was nothing more."""
        found = super().poll(timeout_ms, limit)
        self.gone = not found
        return found


def lost_views(home: Path) -> None:
    """Make a batch run whose files somebody takes away later."""
    table = arrow_table("tickets", [])
    write_run(home / "views", "run-1", {"tickets": table}, {0: 0, 1: 0}, topic_id=MemoryLog().ids[LOG])


def waiting(number: int, moment: datetime) -> TicketRow:
    """Return a ticket that has just come."""
    return ticket_row(
        f"T/{number}", 1, 1, team="billing", work=Work.WANTED, opened_at=moment, waiting_since=moment
    )


def alert(log: MemoryLog, ticket_id: str) -> None:
    """Raise an alert of a ticket."""
    number = len(log.records.get((Topic.TICKETS_ALERTS, 0), ()))
    headers = encode_headers(
        Envelope(id=f"alert-{number}", type="QueueOverloaded", source="test", time=datetime.now(UTC))
    )
    body = msgspec.json.encode({"ticket_id": ticket_id, "team": "billing", "priority": "high"})
    log.add(
        TailRecord(
            topic=Topic.TICKETS_ALERTS, partition=0, offset=0, timestamp_ms=1, headers=headers, value=body
        )
    )


def settings_of(state: str, home: Path, port: int) -> ServingSettings:
    """Return the settings of a state."""
    # The log in memory has no prefix; the topics that a test has in Kafka do.
    settings = ServingSettings(
        home=home, http_port=port, topic_prefix="", tail_poll_ms=50, explain=state == "no-model"
    )
    if state == "no-model":
        return settings.model_copy(update={"setup_folder": str(home)})
    return settings.model_copy(update={"stale_after_s": 0.5}) if state == "stale" else settings


def fill(log: MemoryLog, state: str) -> Callable[[], datetime]:
    """Write what the log of a state has in it, and return the state's clock.

    A simulated day has a clock of its own, which goes on from its tenth hour.
    """
    now = datetime.now(UTC)
    if state == "simulated":
        simulated = START + timedelta(hours=10)
        for _ in served_until(SimulatedLogs(900), log, simulated):
            pass
        return lambda: simulated + (datetime.now(UTC) - now)
    if state != "empty":
        draw = random.Random(1)
        die(log, now)
        for number in range(400):
            add(log, made_up(number, draw, now))
    return utc_now


def listen(log: MemoryLog) -> None:
    """Add as many tickets as a line says, an alert of the newest for `alert`, one ticket for any other word."""
    number = 1000
    for line in sys.stdin:
        if line.strip() == "alert":
            alert(log, f"T/{number - 1}")
            continue
        for _ in range(int(line) if line.strip().isdigit() else 1):
            add(log, waiting(number, datetime.now(UTC)))
            number += 1


def main() -> None:
    """Serve until told to stop; the third argument says what state to be in.

    That is `empty`, `stale`, `gone` (Kafka), `views` (of a batch run), `no-model` or `simulated`.
    """
    state = sys.argv[3] if len(sys.argv) > 3 else ""
    kinds = {"stale": SilentLog, "gone": LostLog}
    log = kinds.get(state, PatientLog)()
    clock = fill(log, state)
    threading.Thread(target=listen, args=(log,), daemon=True).start()
    home, port = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    if state == "views":
        lost_views(home)
    settings = settings_of(state, home, port)
    server.serve(
        settings,
        made=lambda given, on_failure: Serving(
            given, connect=lambda: log, clock=clock, on_failure=on_failure
        ),
        changes=ModelsByCommand(),
    )


if __name__ == "__main__":
    main()
