"""Folds history under rules that may never have been in force, and notes what these raise."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from casework.clocks import SOURCE, earliest
from casework.rules import CaseRules
from schemas.fold import Fact, is_current
from schemas.records.derived.alerts import Alert, SlaAlert, TicketEscalated
from schemas.records.derived.decisions import Decision
from schemas.records.derived.sla_events import SlaPolicyApplied
from schemas.records.events import TicketDeescalated, TicketEvent
from schemas.records.identity import derived_id
from schemas.records.ticket_row import TicketRow

_RULES_SAY: Final = (Alert, TicketDeescalated, SlaPolicyApplied)
"""What the clocks of rules raise: the rules under trial raise their own instead."""

Raised = Mapping[str, Mapping[str, datetime]]
"""By what raised it and by ticket: when it first did."""


def of_rules(fact: Fact) -> bool:
    """Tell whether the rules that were in force raised this, and nobody else."""
    return fact.source == SOURCE and isinstance(fact.body, _RULES_SAY)


class Trial:
    """Tickets under rules. Facts of one ticket come in the order of its log; `raised` is what the rules have raised."""

    def __init__(self, rules: CaseRules) -> None:
        self._rules = rules
        self._rows: dict[str, TicketRow] = {}
        self._heard: dict[str, datetime] = {}
        self._raised: dict[str, dict[str, datetime]] = {}

    @property
    def raised(self) -> Raised:
        """What the rules have raised so far."""
        return self._raised

    def take(self, fact: Fact) -> None:
        """Let what is due by a fact happen, and fold it; a decision on a ticket that is no longer so is left out."""
        ticket_id = fact.body.ticket_id
        self._heard[ticket_id] = max(fact.time, self._heard.get(ticket_id, fact.time))
        self._pass(ticket_id, self._heard[ticket_id])
        row = self._rows.get(ticket_id)
        if isinstance(fact.body, Decision) and row is not None:
            # Rules may have raised the revision that routing answered to; what it decided then counts all the same.
            body = replace(fact.body, life=row.life, routing_revision=row.routing_revision)
            fact = replace(fact, body=body)
        if isinstance(fact.body, Decision) and not is_current(row, fact.body):
            return
        self._rows[ticket_id] = self._rules.fold(row, replace(fact, resumes=row is not None and fact.resumes))
        self._pass(ticket_id, self._heard[ticket_id])

    def finish(self, until: datetime) -> None:
        """Let happen what is due by the end of history."""
        for ticket_id in self._rows:
            self._pass(ticket_id, until)

    def row(self, ticket_id: str) -> TicketRow:
        """Return a ticket's row as it is now. Raises KeyError."""
        return self._rows[ticket_id]

    def _pass(self, ticket_id: str, until: datetime) -> None:
        row = self._rows.get(ticket_id)
        while row is not None and (found := earliest(self._rules.clocks, row)) and found.due <= until:
            body = found.clock.reached(row, found.due, found.due)
            row = self._rules.fold(row, _fact(body, row, found.due))
            self._note(body, found.due)
            self._rows[ticket_id] = row

    def _note(self, body: TicketEvent, due: datetime) -> None:
        name = raised_by(body)
        if name is not None:
            self._raised.setdefault(name, {}).setdefault(body.ticket_id, due)


def raised_by(body: TicketEvent) -> str | None:
    """Return what raised an alert, in the words of its file: a rule, or a policy and its metric; None of others."""
    if isinstance(body, TicketEscalated):
        return body.rule
    if isinstance(body, SlaAlert):
        return f"{body.policy}: {body.metric} {type(body).__name__.removeprefix('Sla').lower()}"
    return None


def _fact(body: TicketEvent, row: TicketRow, due: datetime) -> Fact:
    kind = type(body).__name__
    time = max(due, row.status_at or due)
    identity = derived_id(row.ticket_id, row.life, row.revision, due.isoformat(), kind)
    return Fact(id=identity, type=kind, source=SOURCE, time=time, body=body)
