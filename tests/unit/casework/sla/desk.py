"""One ticket at a desk with policies, without a stage: what happens to it, and what its clocks reach in between."""

from datetime import UTC, datetime
from textwrap import dedent

from casework.clocks import earliest
from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import SlaPolicies, parse_sla_policies
from schemas.fold import Fact
from schemas.records.derived.alerts import SlaAlert
from schemas.records.events import MessageAdded, TicketEvent, TicketUpdated
from schemas.records.sla_clock import SlaClock, SlaMetric
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Author, Status
from tests.unit.schemas.ticket_facts import TICKET, opened


def policies(text: str) -> SlaPolicies:
    """Return the policies that a file with these lines says; its version is there already."""
    return parse_sla_policies(('version: "1"\n' + dedent(text)).encode(), source="sla.yaml")


def promising(**targets: str) -> SlaPolicies:
    """Return one policy for all, in calendar hours: `first_reply="{high: 1 h}"`."""
    lines = "".join(f"      {metric}: {said}\n" for metric, said in targets.items())
    return policies(f"policies:\n  - name: all\n    targets:\n{lines}")


BERLIN = """
calendars:
  berlin:
    zone: Europe/Berlin
    hours: {mon-fri: ["09:00-12:00", "13:00-18:00"]}
    holidays: {country: DE, subdivision: BE}
"""
"""Two blocks a day with an hour for lunch."""


def in_berlin(**targets: str) -> SlaPolicies:
    """Return one policy for all whose business hours are those of Berlin."""
    lines = "".join(f"      {metric}: {said}\n" for metric, said in targets.items())
    return policies(f"{BERLIN}\npolicies:\n  - name: all\n    calendar: berlin\n    targets:\n{lines}")


def moment(text: str) -> datetime:
    """Return a moment of UTC, such as `2026-03-02 09:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def promised(row: TicketRow) -> list[SlaClock]:
    """Return the clocks of what is or was promised."""
    return [clock for clock in row.sla if clock.is_promised]


class Desk:
    """A ticket and its history; time goes on as it is told, and what is due fires before what happens."""

    def __init__(self, policies: SlaPolicies) -> None:
        self.take(policies)
        self.row: TicketRow | None = None
        self.reached: list[tuple[datetime, SlaAlert]] = []

    def take(self, policies: SlaPolicies) -> None:
        """Go on by another file of policies, as after a restart."""
        self.rules = CaseRules(clocks=(SlaDueClock(policies=policies),), sla=policies)

    def happens(self, body: TicketEvent, at: datetime, *, known_at: datetime | None = None) -> TicketRow:
        """Let an event happen; `known_at` is when it is heard of, if that is later."""
        self.wait(known_at or at)
        return self._fold(body, at)

    def opens(self, at: datetime, **fields: object) -> TicketRow:
        """Let a customer open the ticket."""
        return self.happens(opened(**fields), at)

    def replies(self, at: datetime, *, known_at: datetime | None = None) -> TicketRow:
        """Let an agent reply in public."""
        return self.happens(_message(Author.AGENT), at, known_at=known_at)

    def asks(self, at: datetime, *, public: bool = True) -> TicketRow:
        """Let the customer write again."""
        return self.happens(_message(Author.CUSTOMER, public=public), at)

    def becomes(self, status: Status, at: datetime) -> TicketRow:
        """Let an agent state a status."""
        return self.happens(TicketUpdated(ticket_id=TICKET, status=status), at)

    def wait(self, until: datetime) -> None:
        """Let pass what is due by then."""
        while self.row is not None and (found := earliest(self.rules.clocks, self.row)) is not None:
            if found.due > until:
                break
            body = found.clock.reached(self.row, found.due, found.due)
            if isinstance(body, SlaAlert):
                self.reached.append((found.due, body))
            self._fold(body, found.due)

    def clock(self, metric: SlaMetric) -> SlaClock:
        """Return a metric's clock. Raises StopIteration where there is none."""
        assert self.row is not None
        return next(clock for clock in self.row.sla if clock.metric is metric)

    def told(self) -> list[tuple[str, str, datetime]]:
        """Return what somebody was told: warned or breached, of which metric, due when."""
        return [(type(alert).__name__, str(alert.metric), alert.due_at) for _, alert in self.reached]

    def _fold(self, body: TicketEvent, at: datetime) -> TicketRow:
        kind = type(body).__name__
        fact = Fact(id=f"{kind}@{at}", type=kind, source="crm", time=at, body=body, life=1)
        self.row = self.rules.fold(self.row, fact)
        return self.row


def _message(author: Author, *, public: bool = True) -> MessageAdded:
    return MessageAdded(ticket_id=TICKET, author=author, author_id="P-1", text="...", public=public)
