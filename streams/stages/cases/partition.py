"""The cases stage's logic for one partition of tickets."""

from datetime import timedelta
from typing import Final

import msgspec

from schemas.errors import Permanent
from schemas.fold import Fact, fold, is_current, to_fact, work_changes
from schemas.records.derived import (
    Decision,
    MergeFollowed,
    MergeLink,
    SourceEvent,
    TicketAssigned,
    TicketLogged,
)
from schemas.records.envelope import encode_body
from schemas.records.events import TicketClosed, TicketMerged
from schemas.records.identity import derived_id
from schemas.records.thread_rule import FIRST_MESSAGE, ThreadRule
from schemas.records.ticket_row import TicketRow
from schemas.records.topics import Topic
from streams.foundation.record import Record
from streams.stages.cases.clocks import CLOSE, RETIRE, Clocks, timer_name, timer_of
from streams.stages.cases.intake import FoldInput, read
from streams.stages.cases.merges import SOURCE, next_stop, refusal, sent_on, walked
from streams.stages.cases.stale import answer_stale
from streams.stages.cases.state import (
    OPEN_IDS,
    Entry,
    SealedIds,
    TicketState,
    fingerprint,
    sealed_key,
    ticket_key,
)
from streams.steps.step import Step

STAGE: Final = "cases"
INPUTS: Final = (Topic.TICKETS_ENRICHED, Topic.TICKETS_DECISIONS)

_ENTRIES: Final = msgspec.json.Decoder(Entry)


class DuplicateConflict(Permanent):
    """An event has the id of an earlier one of its ticket and says something else; the earlier one stands."""


class CasesPartition:
    """The tickets of one partition. A PartitionLogic.

    `retire_after` is how long a closed ticket stays in the state; `close_after` how long a resolved one stays
    open to objection, None where the source closes tickets itself. Both are event time. `thread_rule` says when
    a later message changes what a ticket is about.
    """

    def __init__(
        self,
        *,
        retire_after: timedelta,
        close_after: timedelta | None = None,
        thread_rule: ThreadRule = FIRST_MESSAGE,
    ) -> None:
        self._thread_rule = thread_rule
        self._clocks = Clocks(retire_after=retire_after, close_after=close_after)
        self._tickets: dict[str, TicketState] = {}
        self._sealed: dict[str, dict[str, str]] = {}

    def __len__(self) -> int:
        """Return how many tickets this partition keeps."""
        return len(self._tickets)

    def restore(self, key: str, value: bytes) -> None:  # noqa: ARG002 - the value names itself
        """Take back one entry of the state; entries of a ticket may come in any order."""
        entry = _ENTRIES.decode(value)
        if isinstance(entry, TicketState):
            self._tickets[entry.row.ticket_id] = entry
        else:
            self._sealed.setdefault(entry.ticket_id, {}).update(entry.seen)

    def handle(self, record: Record, step: Step) -> None:
        """Fold one record into its ticket. Raises EventError or DuplicateConflict, both Permanent."""
        incoming = read(record, self._thread_rule)
        if isinstance(incoming, MergeFollowed):
            self._follow(incoming.ticket_id, incoming.way, step, life=record.origin.offset)
        elif incoming is not None:
            self._take(incoming, step)

    def fire(self, name: str, step: Step) -> None:
        """Close or retire the ticket whose clock has run out."""
        clock, ticket_id = timer_of(name)
        state = self._tickets.get(ticket_id)
        if state is None or clock not in self._clocks.due(state.row):
            step.count("unknown_timers")
        elif clock == RETIRE:
            self._retire(ticket_id, state, step)
        elif clock == CLOSE:
            self._close(ticket_id, state.row, step)

    def _take(self, incoming: FoldInput, step: Step) -> None:
        body = incoming.fact.body
        state = self._tickets.get(body.ticket_id)
        if self._is_known(incoming, state):
            step.count("duplicates")
        elif isinstance(body, Decision) and not is_current(state.row if state else None, body):
            step.count("stale_decisions")
            if isinstance(body, TicketAssigned):
                answer_stale(incoming, body, state.row if state else None, step)
        else:
            self._apply(incoming, state, step)

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
        before = None if state is None else state.row
        after = fold(before, incoming.fact)
        self._keep(incoming, state, after, step)
        self._log(incoming, before, after, step)
        self._tell_teams(incoming, before, after, step)
        self._set_clocks(before, after, step)
        self._go_on_in_its_place(incoming, after, step)
        if before is None and after.resumed:
            step.count("resumed")
        if before is not None and after.late_events > before.late_events:
            step.count("late_events")

    def _go_on_in_its_place(self, incoming: FoldInput, after: TicketRow, step: Step) -> None:
        """Send on what a merge brings with it: the customer's messages, and the merge itself to find a circle."""
        sent = sent_on(incoming, after)
        if sent is not None:
            identity = derived_id(sent.event.id, STAGE, "TicketTriaged")
            step.emit(Topic.TICKETS_ENRICHED, sent.ticket_id, sent, id=identity, time=sent.event.time)
            step.count("sent_on_by_merge")
        body = incoming.fact.body
        if not isinstance(body, TicketMerged):
            return
        if body.into_ticket_id == after.ticket_id:
            step.count("refused_merges")
        elif after.merged_into == body.into_ticket_id:
            self._follow(after.ticket_id, (), step, life=after.life)

    def _follow(self, ticket_id: str, way: tuple[MergeLink, ...], step: Step, *, life: int) -> None:
        """Take a merge one ticket further on its way, or refuse it where it has closed a circle."""
        state = self._tickets.get(ticket_id)
        if state is None or state.row.merged_into is None:
            return
        way = walked(way, state.row)
        stop = next_stop(way, state.row)
        if stop is None:
            self._apply(refusal(way, state.row, life=life), state, step)
            step.count("refused_merges")
            return
        names = (f"{link.ticket_id} {link.merged_at.isoformat()}" for link in way)
        identity = derived_id(STAGE, "MergeFollowed", stop.ticket_id, *names)
        step.emit(Topic.TICKETS_ENRICHED, stop.ticket_id, stop, id=identity, time=way[-1].merged_at)

    def _keep(self, incoming: FoldInput, state: TicketState | None, after: TicketRow, step: Step) -> None:
        event, content = fingerprint(incoming.event)
        seen, sealed = ({}, 0) if state is None else (state.seen, state.sealed)
        if len(seen) == OPEN_IDS:
            step.put(sealed_key(after.ticket_id, sealed), SealedIds(ticket_id=after.ticket_id, seen=seen))
            self._sealed.setdefault(after.ticket_id, {}).update(seen)
            seen, sealed = {}, sealed + 1
        kept = TicketState(row=after, seen={**seen, event: content}, sealed=sealed)
        self._tickets[after.ticket_id] = kept
        step.put(ticket_key(after.ticket_id), kept)

    def _log(self, incoming: FoldInput, before: TicketRow | None, after: TicketRow, step: Step) -> None:
        logged = TicketLogged(
            ticket_id=after.ticket_id,
            life=after.life,
            revision=after.revision,
            event=incoming.event,
            after=after,
            before=before,
            triage=incoming.fact.triage,
            thread_rule=_rule_that_counts(incoming.fact),
            withheld=incoming.fact.withheld,
        )
        # The life belongs to the id: what comes again after the ticket was forgotten is another record.
        identity = derived_id(
            incoming.event.source, incoming.event.id, STAGE, "TicketLogged", after.ticket_id, after.life
        )
        step.emit(Topic.TICKETS_LOG, after.ticket_id, logged, id=identity, time=incoming.fact.time)
        step.count("logged")

    def _tell_teams(
        self, incoming: FoldInput, before: TicketRow | None, after: TicketRow, step: Step
    ) -> None:
        for notice in work_changes(before, after, incoming.fact.time):
            identity = derived_id(
                after.ticket_id, after.life, after.routing_revision, notice.team, STAGE, "WorkChanged"
            )
            step.emit(Topic.TICKETS_WORK, notice.team, notice, id=identity, time=incoming.fact.time)

    def _set_clocks(self, before: TicketRow | None, after: TicketRow, step: Step) -> None:
        ran, run = self._clocks.due(before), self._clocks.due(after)
        for clock in ran.keys() - run.keys():
            step.cancel_timer(timer_name(clock, after.ticket_id))
        for clock, due in run.items():
            if ran.get(clock) != due:
                step.set_timer(timer_name(clock, after.ticket_id), due)

    def _retire(self, ticket_id: str, state: TicketState, step: Step) -> None:
        del self._tickets[ticket_id]
        self._sealed.pop(ticket_id, None)
        step.delete(ticket_key(ticket_id))
        for number in range(state.sealed):
            step.delete(sealed_key(ticket_id, number))
        step.count("retired")

    def _close(self, ticket_id: str, row: TicketRow, step: Step) -> None:
        """Close a ticket to whose resolution nobody objected in time."""
        due = self._clocks.due(row)[CLOSE]
        event = SourceEvent(
            id=derived_id(ticket_id, row.life, due.isoformat(), STAGE, "TicketClosed"),
            type="TicketClosed",
            source=SOURCE,
            time=max(due, row.status_at or due),  # a later word that it is resolved does not undo the closing
            body=msgspec.Raw(encode_body(TicketClosed(ticket_id=ticket_id, closed_by=STAGE))),
        )
        self._apply(FoldInput(event=event, fact=to_fact(event)), self._tickets[ticket_id], step)
        step.count("closed_by_clock")


def _rule_that_counts(fact: Fact) -> ThreadRule | None:
    """Return the rule that the log must keep, so that whoever folds again gets the same row."""
    answered = fact.triage is not None and fact.triage.intent is not None
    return fact.thread_rule if answered and fact.thread_rule.policy != FIRST_MESSAGE.policy else None
