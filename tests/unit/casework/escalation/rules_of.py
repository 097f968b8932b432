"""Small files of rules, and what they make of an invented ticket; for the tests of escalation."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from casework.clocks import earliest
from casework.escalation.escalation import Escalation
from casework.escalation.table import EscalationTable
from casework.rules import CaseRules
from schemas.fold import Fact
from schemas.records.derived.alerts import TicketEscalated
from schemas.records.events import TicketDeescalated, TicketEvent
from schemas.records.ticket_row import TicketRow
from schemas.sentiment import Sentiment
from schemas.triage import Triage
from tests.unit.schemas.ticket_facts import SCORED, minute

LEVELS = """
  1: {owner: {team: team_leads}}
  2: {owner: {person: boss}, raise_priority: 1, highest_priority: urgent, set_status: true}
"""


def table(*rules: str, levels: str = LEVELS, concerns: str = "{}") -> EscalationTable:
    """Return a file with these rules, each the fields of a row."""
    rows = "".join(f"\n  - {{{rule}}}" for rule in rules)
    text = f'version: "t"\nlevels: {levels}\nconcerns: {concerns}\nrules: {rows or "[]"}\n'
    return EscalationTable.parse(text.encode(), source="rules.yaml")


def rules_of(found: EscalationTable) -> CaseRules:
    """Return the rules of a file, as the cases stage has them."""
    escalation = Escalation(found)
    return CaseRules(clocks=escalation.clocks, progress=True, escalation=escalation)


def feeling(value: float) -> Triage:
    """Return a result of triage for a message with that sentiment."""
    return replace(SCORED, sentiment=Sentiment(value=value))


class Desk:
    """A ticket under rules in event time: what is due before a fact fires first, as in the stage."""

    def __init__(self, rules: CaseRules) -> None:
        self.rules = rules
        self.row: TicketRow | None = None
        self.happened: list[tuple[float, TicketEvent]] = []

    def take(self, *facts: Fact) -> TicketRow:
        """Fold facts in their order, and let what they make due at once happen; return the row."""
        for fact in facts:
            self.pass_until(fact.time)
            self.row = self.rules.fold(self.row, fact)
            self.pass_until(fact.time)
        assert self.row is not None
        return self.row

    def pass_until(self, moment: datetime) -> None:
        """Let happen what is due by then."""
        while (
            self.row is not None and (found := earliest(self.rules.clocks, self.row)) and found.due <= moment
        ):
            body = found.clock.reached(self.row, found.due, found.due)
            time = max(found.due, self.row.status_at or found.due)
            kind = type(body).__name__
            fact = Fact(id=f"{kind}@{time}", type=kind, source="ticketyard/cases", time=time, body=body)
            self.row = self.rules.fold(self.row, fact)
            self.happened.append(((found.due - minute(0)).total_seconds() / 60, body))

    def wait(self, minutes: float) -> TicketRow:
        """Let time pass until a minute; return the row."""
        self.pass_until(minute(minutes))
        assert self.row is not None
        return self.row

    def fired(self) -> list[tuple[float, str]]:
        """Return minute and rule of each escalation, and of each end of one by a rule with a minus."""
        return list(_told(self.happened))


def _told(happened: Iterable[tuple[float, TicketEvent]]) -> Iterable[tuple[float, str]]:
    for at, body in happened:
        if isinstance(body, TicketEscalated):
            yield at, body.rule
        elif isinstance(body, TicketDeescalated):
            yield at, f"-{body.rule}"
