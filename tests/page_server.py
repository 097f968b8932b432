"""`python -m tests.page_server HOME [PORT]`: serving over a made-up log; each line of its input adds a ticket."""

import random
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.records.events import TicketOpened
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.vocabulary import Category, Channel, Priority, Status
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.http import server
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.ticket_log import record, ticket_row

TEAMS = ("accounts", "billing", "technical")
SUBJECTS = ("Where is my refund?", "The app crashes at login", "Rechnung falsch", "أين طلبي")


def made_up(number: int, draw: random.Random, now: datetime) -> TicketRow:
    """Return a ticket of the last three weeks."""
    opened = now - timedelta(minutes=1 + draw.expovariate(1 / (4 * 24 * 60)))
    ends = opened + timedelta(minutes=draw.expovariate(1 / 240))
    done, held = ends < now, draw.random() < 0.6
    work = Work.NONE if done else Work.HELD if held else Work.WANTED
    return ticket_row(
        f"T/{number}",
        1,
        1,
        subject={1: "<script>alert(1)</script>", 7: "=1+1"}.get(number, draw.choice(SUBJECTS)),
        customer_id=f"C{number}",
        team=draw.choice(TEAMS),
        channel=draw.choice(list(Channel)),
        category=draw.choice(list(Category)),
        priority=draw.choice(list(Priority)),
        intent="refund_status",
        predicted_intent="refund_status",
        label_said_by=Said.MODEL,
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


def main() -> None:
    """Serve until told to stop."""
    log, draw, now = MemoryLog(), random.Random(1), datetime.now(UTC)
    for number in range(400):
        add(log, made_up(number, draw, now))

    def listen() -> None:
        for number, _ in enumerate(sys.stdin, start=1000):
            moment = datetime.now(UTC)
            add(
                log,
                ticket_row(
                    f"T/{number}",
                    1,
                    1,
                    team="billing",
                    work=Work.WANTED,
                    opened_at=moment,
                    waiting_since=moment,
                ),
            )

    threading.Thread(target=listen, daemon=True).start()
    home, port = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    settings = ServingSettings(home=home, http_port=port, tail_poll_ms=50, explain=False)
    server.serve(
        settings, made=lambda given, on_failure: Serving(given, connect=lambda: log, on_failure=on_failure)
    )


if __name__ == "__main__":
    main()
