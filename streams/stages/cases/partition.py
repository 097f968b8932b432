"""The cases stage's logic for one partition of tickets."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from casework.clocks import CaseClock
from schemas.errors import Permanent
from schemas.fold import is_current, to_fact
from schemas.records.derived import MergeFollowed, MergeLink
from schemas.records.derived.alerts import RepeatContactDetected
from schemas.records.derived.customer_events import CustomerNoted
from schemas.records.derived.decisions import AgentChosen, Decision
from schemas.records.events import TicketMerged
from schemas.records.identity import derived_id
from schemas.records.thread_rule import FIRST_MESSAGE, ThreadRule
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from streams.foundation.record import Record
from streams.stages.cases.alerting import publish_alert
from streams.stages.cases.clocks import Clocks, event_of
from streams.stages.cases.foretelling import Foretelling
from streams.stages.cases.intake import FoldInput, read
from streams.stages.cases.links import other_end
from streams.stages.cases.merges import next_stop, refusal, sent_on, walked
from streams.stages.cases.retired import RetiredTickets
from streams.stages.cases.stale import answer_stale
from streams.stages.cases.state import (
    OPEN_IDS,
    Entry,
    RetiredTicket,
    SealedIds,
    TicketState,
    fingerprint,
    sealed_key,
    ticket_key,
)
from streams.stages.cases.telling import log_event, tell_customers, tell_teams
from streams.steps.step import Step

STAGE: Final = "cases"
INPUTS: Final = (Topic.TICKETS_ENRICHED, Topic.TICKETS_DECISIONS)

_ENTRIES: Final = msgspec.json.Decoder(Entry)


class DuplicateConflict(Permanent):
    """An event has the id of an earlier one of its ticket and says something else; the earlier one stands."""


class ClockStandsStillError(Exception):
    """What a clock made happen left it due: it would fire for ever, so it is set aside as what raises is."""


class CasesPartition:
    """The tickets of one partition. A TimedLogic.

    `thread_rule` says when a later message changes what a ticket is about; `foretelling` asks a model about tickets.
    """

    def __init__(
        self,
        clocks: Clocks,
        *,
        thread_rule: ThreadRule = FIRST_MESSAGE,
        foretelling: Foretelling | None = None,
    ) -> None:
        self._thread_rule = thread_rule
        self._clocks = clocks
        self._foretelling = foretelling
        self._tickets: dict[str, TicketState] = {}
        self._retired = RetiredTickets()
        self._sealed: dict[str, dict[str, str]] = {}

    def __len__(self) -> int:
        """Return how many tickets this partition keeps."""
        return len(self._tickets)

    def restore(self, key: str, value: bytes) -> None:  # noqa: ARG002 - the value names itself
        """Take back one entry of the state; entries of a ticket may come in any order."""
        entry = _ENTRIES.decode(value)
        if isinstance(entry, TicketState):
            self._tickets[entry.row.ticket_id] = entry
        elif isinstance(entry, RetiredTicket):
            self._retired.keep(entry.row.ticket_id, value)
        else:
            self._sealed.setdefault(entry.ticket_id, {}).update(entry.seen)

    def timers(self) -> Iterable[tuple[str, datetime]]:
        """Return the timer of each ticket for which something is due one day: named by its id; see TimedLogic."""
        for ticket_id, state in self._tickets.items():
            if (waking := self._clocks.next(state)) is not None:
                yield ticket_id, waking.due
        for ticket_id, since in self._retired.since():
            yield ticket_id, self._clocks.forgotten_at(since)

    def timers_of(self, record: Record) -> Collection[str]:
        """Return the timer that a record's ticket may have; its key names the ticket (see TimedLogic)."""
        return [(record.key or b"").decode(errors="replace")]

    def prepare(self, records: Sequence[Record]) -> None:
        """Let a model foretell, in one call, what the records of a step are about; see PreparedLogic."""
        if self._foretelling is not None:
            self._foretelling.prepare(records, self._thread_rule, self._row, self._clocks.rules.fold)

    def handle(self, record: Record, step: Step) -> None:
        """Fold one record into its ticket. Raises EventError or DuplicateConflict, both Permanent."""
        incoming = read(record, self._thread_rule)
        if isinstance(incoming, MergeFollowed):
            self._follow(incoming.ticket_id, incoming.way, step, life=record.origin.offset)
        elif incoming is not None:
            self._take(incoming, step)

    def fire(self, name: str, step: Step) -> None:
        """Do what is due first on the ticket of that name, and set its timer for what is due next."""
        state, waking = self._tickets.get(name), self._clocks.next(self._tickets.get(name))
        if name in self._retired:
            del self._retired[name]
            step.delete(ticket_key(name))
            step.count("forgotten")
        elif state is None or waking is None:
            step.count("unknown_timers")
        elif waking.due > step.now:
            step.set_timer(name, waking.due)  # what it was set for is due no more
        elif waking.clock is None:
            self._retire(name, state, step)
        else:
            self._reach(waking.due, waking.clock, state, step)

    def _take(self, incoming: FoldInput, step: Step) -> None:
        body = incoming.fact.body
        state = self._tickets.get(body.ticket_id)
        if self._is_known(incoming, state):
            step.count("duplicates")
        elif isinstance(body, Decision) and not is_current(state.row if state else None, body):
            step.count("stale_decisions")
            row = self._row(body.ticket_id)
            if isinstance(body, AgentChosen) and row is not None:
                answer_stale(incoming, body, row, step)
        elif isinstance(body, CustomerNoted | RepeatContactDetected) and not _lives(state, body.life):
            step.count("stale_notes")
        else:
            self._apply(incoming, state, step)

    def _row(self, ticket_id: str) -> TicketRow | None:
        """Return what is known of a ticket, also of one that has left the state."""
        state = self._tickets.get(ticket_id)
        return self._retired.row(ticket_id) if state is None else state.row

    def _is_known(self, incoming: FoldInput, state: TicketState | None) -> bool:
        """Tell whether this event was applied before. Raises DuplicateConflict if it said something else.

        Routing may decide anew on a notice that it had forgotten; that is a stale decision.
        """
        if state is None:
            return False
        event, content = fingerprint(incoming.event)
        ticket_id = incoming.fact.body.ticket_id
        known = state.seen.get(event) or self._sealed.get(ticket_id, {}).get(event)
        if known is not None and known != content and isinstance(incoming.fact.body, Decision):
            return False
        if known is not None and known != content:
            raise DuplicateConflict(
                f"{incoming.event.type} {incoming.event.id} of ticket {ticket_id} has the id of an earlier event of "
                f"{incoming.event.source} but says something else; give it an id of its own and replay it"
            )
        return known is not None

    def _apply(self, incoming: FoldInput, state: TicketState | None, step: Step) -> None:
        ticket_id = incoming.fact.body.ticket_id
        before = self._row(ticket_id)
        resumes = state is None and before is not None
        if resumes:
            incoming = replace(incoming, fact=replace(incoming.fact, resumes=True))
        if self._foretelling is not None:
            incoming = self._foretelling.told(incoming, before, self._clocks.rules.fold)
        after = self._clocks.rules.fold(before, incoming.fact)
        kept = self._keep(incoming, state, after, step)
        log_event(incoming, before, after, step)
        publish_alert(incoming, after, step)
        tell_teams(incoming, before, after, step)
        if self._clocks.rules.customers is not None:
            tell_customers(incoming, before, after, step)
        self._set_timer(kept, step)
        self._go_on_in_its_place(incoming, after, step)
        if resumes:
            del self._retired[ticket_id]
        if resumes or (before is None and after.resumed):
            step.count("resumed")
        if before is not None and after.late_events > before.late_events:
            step.count("late_events")

    def _go_on_in_its_place(self, incoming: FoldInput, after: TicketRow, step: Step) -> None:
        """Send on what links and merges bring with them: messages, counterparts, the merge itself to find a circle."""
        told = {"sent_on_by_merge": sent_on(incoming, after), "told_of_links": other_end(incoming)}
        for name, sent in told.items():
            if sent is not None:
                identity = derived_id(sent.event.id, STAGE, "TicketTriaged")
                step.emit(Topic.TICKETS_ENRICHED, sent.ticket_id, sent, id=identity, time=sent.event.time)
                step.count(name)
        body = incoming.fact.body
        if not isinstance(body, TicketMerged):
            return
        if body.into_ticket_id == after.ticket_id:
            step.count("refused_merges")
        elif after.merged_into == body.into_ticket_id:
            self._follow(after.ticket_id, (), step, life=after.life)

    def _follow(self, ticket_id: str, way: tuple[MergeLink, ...], step: Step, *, life: int) -> None:
        """Take a merge one ticket further on its way, or refuse it where it has closed a circle."""
        row = self._row(ticket_id)
        if row is None or row.merged_into is None:
            return
        way = walked(way, row)
        stop = next_stop(way, row)
        if stop is None:
            self._apply(refusal(way, row, life=life), self._tickets.get(ticket_id), step)
            step.count("refused_merges")
            return
        names = (f"{link.ticket_id} {link.merged_at.isoformat()}" for link in way)
        identity = derived_id(STAGE, "MergeFollowed", stop.ticket_id, *names)
        step.emit(Topic.TICKETS_ENRICHED, stop.ticket_id, stop, id=identity, time=way[-1].merged_at)

    def _keep(
        self, incoming: FoldInput, state: TicketState | None, after: TicketRow, step: Step
    ) -> TicketState:
        event, content = fingerprint(incoming.event)
        seen, sealed = ({}, 0) if state is None else (state.seen, state.sealed)
        if len(seen) == OPEN_IDS:
            step.put(sealed_key(after.ticket_id, sealed), SealedIds(ticket_id=after.ticket_id, seen=seen))
            self._sealed.setdefault(after.ticket_id, {}).update(seen)
            seen, sealed = {}, sealed + 1
        kept = TicketState(row=after, seen={**seen, event: content}, sealed=sealed, handled_at=step.now)
        self._tickets[after.ticket_id] = kept
        step.put(ticket_key(after.ticket_id), kept)
        return kept

    def _set_timer(self, state: TicketState, step: Step) -> None:
        waking = self._clocks.next(state)
        if waking is None:
            step.cancel_timer(state.row.ticket_id)
        else:
            step.set_timer(state.row.ticket_id, waking.due)

    def _retire(self, ticket_id: str, state: TicketState, step: Step) -> None:
        """Let go of what tells a ticket's events apart; its row stays for a while, for what may come later."""
        del self._tickets[ticket_id]
        self._sealed.pop(ticket_id, None)
        retired = RetiredTicket(row=state.row, retired_at=step.now)
        self._retired.keep(ticket_id, msgspec.json.encode(retired))
        step.put(ticket_key(ticket_id), retired)
        step.set_timer(ticket_id, self._clocks.forgotten_at(step.now))
        for number in range(state.sealed):
            step.delete(sealed_key(ticket_id, number))
        step.count("retired")

    def _reach(self, due: datetime, clock: CaseClock, state: TicketState, step: Step) -> None:
        """Let happen to a ticket what its clock is for."""
        row = state.row
        body = clock.reached(row, due, step.now)
        event = event_of(body, row, due)
        self._apply(FoldInput(event=event, fact=to_fact(event)), state, step)
        state = self._tickets[row.ticket_id]
        after = self._clocks.next(state)
        again = after is not None and (after.due, after.clock) == (due, clock)
        if again and clock.reached(state.row, due, step.now) == body:
            raise ClockStandsStillError(
                f"clock {clock.name} of ticket {row.ticket_id} is due again after {event.type}"
            )
        step.count(f"reached_{clock.name}")


def _lives(state: TicketState | None, life: int) -> bool:
    """Tell whether the ticket that a note is about is kept, in the life that the note is of."""
    return state is not None and state.row.life == life
