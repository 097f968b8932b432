"""The rules of a file at work: what a row must remember of them, and the clock of each."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from casework.clocks import CaseClock, is_from_outside
from casework.escalation.conditions import OF_STATE, OF_TIME, SENTIMENTS
from casework.escalation.table import EscalationTable, Level, Rule
from casework.escalation.words import ConcernWords, written_by_customer
from schemas.effects import Effect
from schemas.fold.escalation import hold_by, lower, state_of
from schemas.fold.fact import Fact
from schemas.fold.order import is_older, latest
from schemas.records.derived.alerts import TicketEscalated
from schemas.records.events import TicketDeescalated, TicketEvent
from schemas.records.ticket_row import RuleState, Said, TicketRow
from schemas.vocabulary import FINISHED, PRIORITY_RANK, Priority

_BY_RANK: Final = tuple(Priority)


class RuleClock:
    """A rule of escalation as the clock of a ticket. A CaseClock."""

    def __init__(self, rule: Rule, level: Level, rules_version: str) -> None:
        given = [(name, value) for name, value in rule.when if value is not None]
        self.name = f"escalation_{rule.name}"
        self.rule = rule
        self._level = level
        self._cool_down = rule.cool_down or timedelta(0)
        self._version = rules_version
        self._moments: list[tuple[Callable[[TicketRow, Any], datetime | None], Any]] = [
            (OF_TIME[name].moment, value) for name, value in given if name in OF_TIME
        ]
        self._states = [(OF_STATE[name].holds, value) for name, value in given if name in OF_STATE]
        narrowing = {name for name, state in OF_STATE.items() if not state.cause}
        self._causes = [(name, value) for name, value in given if name not in narrowing]

    @property
    def has_state(self) -> bool:
        """Whether the rule asks for anything but time, so that rows must remember since when it holds."""
        return bool(self._states)

    def holds(self, row: TicketRow) -> bool:
        """Tell whether all that the rule asks for besides time is fulfilled."""
        return all(holds(row, value) for holds, value in self._states)

    def held(self, row: TicketRow, moment: datetime) -> bool:
        """Tell whether an open ticket fulfilled the rule before a moment, whatever it remembers of the rule."""
        since = (moment_of(row, value) for moment_of, value in self._moments)
        return (
            row.status not in FINISHED
            and self.holds(row)
            and all(at is not None and at < moment for at in since)
        )

    def due(self, row: TicketRow) -> datetime | None:
        """Return when the rule escalates the ticket, or takes that back; None where it does neither."""
        if row.status in FINISHED or (self._states and not row.escalations):
            return None
        if row.escalation_rules_version is None:
            return None  # from before there were rules: what is past is not known before its next event
        state = state_of(row, self.rule.name)
        if state is not None and state.level:
            return self._gone(row, state)
        moment = self._moment(row, state)
        if moment is None:
            return None
        due = max(moment, row.last_event_at)  # what an event makes due belated was not due before it
        if state is None or state.fired_at is None:
            return due
        return max(due, state.fired_at + self._cool_down) if moment > state.fired_at else None

    def reached(self, row: TicketRow, due: datetime, now: datetime) -> TicketEvent:
        """Return that the ticket is escalated, or no longer."""
        state = state_of(row, self.rule.name)
        if state is not None and state.level:
            return TicketDeescalated(ticket_id=row.ticket_id, rule=self.rule.name)
        owner = self._level.owners_by_team.get(row.team or "", self._level.owner)
        words = ((OF_TIME.get(name) or OF_STATE[name]).words(row, value) for name, value in self._causes)
        return TicketEscalated(
            ticket_id=row.ticket_id,
            rule=self.rule.name,
            cause=self._causes[0][0],
            reason="; ".join(words),
            level=self.rule.level,
            owner=owner.team or owner.person,
            owner_is="person" if owner.team is None else "team",
            asked=self.rule.when.asked is not None,
            raises_to=self._priority(row),
            moves_to=None if row.team_said_by is Said.PEOPLE else self._level.move_to,
            sets_status=self._level.set_status,
            rules_version=self._version,
            late_s=max(0.0, (now - due).total_seconds()),
        )

    def _moment(self, row: TicketRow, state: RuleState | None) -> datetime | None:
        """Return from when all that the rule asks for holds, while nothing happens; None where it cannot."""
        latest_moment = None
        if self._states:
            if state is None or state.since is None:
                return None
            latest_moment = state.since
        for moment_of, value in self._moments:
            moment = moment_of(row, value)
            if moment is None:
                return None
            latest_moment = latest(latest_moment, moment)
        return latest_moment

    def _gone(self, row: TicketRow, state: RuleState) -> datetime | None:
        """Return when the cause of what the rule did has gone, where the rule is to take it back then.

        Something must have happened since: what the rule itself did, such as raising the priority, takes nothing back.
        """
        last = latest(row.last_progress_at, row.last_event_at)
        if not self.rule.until_gone or state.asked or not is_older(state.fired_at or last, last):
            return None
        moment = self._moment(row, state)
        return last if moment is None or moment > last else None

    def _priority(self, row: TicketRow) -> Priority | None:
        if self._level.raise_priority is None or row.priority_said_by is Said.PEOPLE:
            return None
        wanted = PRIORITY_RANK[row.priority] + self._level.raise_priority
        raised = min(wanted, PRIORITY_RANK[self._level.highest_priority])
        return _BY_RANK[raised] if raised > PRIORITY_RANK[row.priority] else None


class DroppedRules:
    """Takes back at once what a rule did that the file no longer has; what a person asked for stays. A CaseClock."""

    name = "escalation_dropped_rules"

    def __init__(self, rules: Iterable[str]) -> None:
        self._rules = frozenset(rules)

    def due(self, row: TicketRow) -> datetime | None:
        """Return the ticket's last moment where such a rule holds it."""
        state = self._dropped(row)
        return None if state is None else latest(state.fired_at, row.last_event_at)

    def reached(self, row: TicketRow, due: datetime, now: datetime) -> TicketDeescalated:  # noqa: ARG002
        """Return that the rule no longer holds the ticket."""
        state = self._dropped(row)
        assert state is not None  # as `due` says
        return TicketDeescalated(ticket_id=row.ticket_id, rule=state.rule)

    def _dropped(self, row: TicketRow) -> RuleState | None:
        held = (state for state in row.escalations if state.level and not state.asked)
        return next((state for state in held if state.rule not in self._rules), None)


class Escalation:
    """The rules of a file, ready to be used: `clocks`, one a rule after that of dropped rules, and `settle`."""

    def __init__(self, table: EscalationTable) -> None:
        self.version: Final = table.sum
        self._rules = tuple(RuleClock(rule, table.levels[rule.level], self.version) for rule in table.rules)
        self.clocks: Final[tuple[CaseClock, ...]] = (
            DroppedRules(rule.name for rule in table.rules),
            *self._rules,
        )
        self._judged = tuple(clock for clock in self._rules if clock.has_state)
        self._words = ConcernWords(table.concerns)

    def settle(self, before: TicketRow, after: TicketRow, fact: Fact) -> TicketRow:
        """Return the row with what it must remember of the rules; what is finished is not escalated any more."""
        if before.escalation_rules_version is None and not is_from_outside(fact):
            return after
        row = self._hear(after, fact)
        finished = row.status in FINISHED
        states = row.escalations
        if finished and row.escalation_level:
            row = lower(row, tuple(replace(state, level=0, asked=False) for state in states))
            states = row.escalations
        moment = max(fact.time, before.last_event_at)
        for clock in self._judged:
            states = _noted(states, clock.rule.name, moment if not finished and clock.holds(row) else None)
        for clock in self._past(before, row, fact, moment):
            states = _passed_over(states, clock.rule.name, moment)
        return row if states is row.escalations else hold_by(row, states)

    def _past(self, before: TicketRow, after: TicketRow, fact: Fact, moment: datetime) -> Iterator[RuleClock]:
        """Yield the rules that held before anybody could be told: before there were rules, or before an import."""
        first, imported = before.escalation_rules_version is None, fact.imports_the_past
        if not first and not imported:
            return
        for clock in self._rules:
            if first if clock.held(before, moment) else imported and clock.held(after, moment):
                yield clock

    def _hear(self, after: TicketRow, fact: Fact) -> TicketRow:
        """Note what a message says of its customer."""
        changes: dict[str, Any] = {}
        if after.escalation_rules_version != self.version:
            changes["escalation_rules_version"] = self.version
        text = None if Effect.CUSTOMER_MESSAGE in fact.withheld else written_by_customer(fact)
        if text is not None:
            language = (fact.triage and fact.triage.language) or after.language
            heard = self._words.found(text, language)
            if not set(heard) <= set(after.escalation_concerns):
                changes["escalation_concerns"] = tuple(sorted({*after.escalation_concerns, *heard}))
            if fact.triage is not None and fact.triage.sentiment is not None:
                recent = (*after.recent_sentiments, fact.triage.sentiment.value)
                changes["recent_sentiments"] = recent[-SENTIMENTS:]
        return replace(after, **changes) if changes else after


def _noted(states: tuple[RuleState, ...], rule: str, since: datetime | None) -> tuple[RuleState, ...]:
    """Return the states with since when a rule is fulfilled; None where it is not any more."""
    for place, state in enumerate(states):
        if state.rule != rule:
            continue
        if (state.since is None) is (since is None):
            return states
        noted = replace(state, since=since)
        gone = noted == RuleState(rule=rule)
        return (*states[:place], *(() if gone else (noted,)), *states[place + 1 :])
    return states if since is None else (*states, RuleState(rule=rule, since=since))


def _passed_over(states: tuple[RuleState, ...], rule: str, moment: datetime) -> tuple[RuleState, ...]:
    """Return the states with a rule counted as fired, so that only a new cause fires it; one that holds goes on."""
    known = next((state for state in states if state.rule == rule), RuleState(rule=rule))
    if known.level:
        return states
    return (*(state for state in states if state.rule != rule), replace(known, fired_at=moment))
