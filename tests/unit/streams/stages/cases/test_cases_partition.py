"""The cases stage: one state per ticket, and the only writer of tickets.log."""

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from schemas.effects import Effect
from schemas.fold import fact_of, fold
from schemas.records.derived import RecordDied, WatermarkAdvanced
from schemas.records.envelope import decode_envelope, encode_body
from schemas.records.events import (
    LabelCorrected,
    MessageAdded,
    SurveyAnswered,
    TicketClosed,
    TicketReopened,
    TicketResolved,
    TicketUpdated,
)
from schemas.records.partitioning import partition_for
from schemas.records.thread_rule import ThreadRule
from schemas.records.ticket_row import Work
from schemas.records.topics import Topic
from schemas.vocabulary import Author, Status
from streams.foundation.record import Record
from streams.stages.cases.clocks import Clocks
from streams.stages.cases.state import OPEN_IDS
from tests.unit.schemas.ticket_facts import (
    SCORED,
    TICKET,
    assigned,
    from_customer,
    minute,
    open_ticket,
    opened,
    queued,
)
from tests.unit.streams.logic_driver import record_of
from tests.unit.streams.ticket_records import CasesRun, at_offset, closing, decided, enriched, scored

DAY = timedelta(days=1)


@pytest.fixture
def run() -> CasesRun:
    """A partition that forgets closed tickets after 30 days and leaves closing to the source."""
    return CasesRun(Clocks(retire_after=30 * DAY, forget_after=90 * DAY))


def opened_run(run: CasesRun) -> CasesRun:
    """Let a ticket be opened at offset 10."""
    run.step([scored(opened(subject="Where is my money?"), 10)])
    return run


def note(number: int) -> MessageAdded:
    """Return an agent's note, each different."""
    return MessageAdded(
        ticket_id=TICKET, author=Author.AGENT, author_id="A-1", text=f"{number}", public=False
    )


def test_an_event_is_logged_with_the_row_after(run: CasesRun) -> None:
    """Each applied event is one record of the log, keyed by ticket, with the event untouched."""
    opened_run(run).step([enriched(note(1), 11, at=3)])
    first, second = run.log()

    assert (first.before, first.after.life, first.revision, first.triage) == (None, 10, 1, SCORED)
    assert (second.before, second.revision, second.life) == (None, 2, 10)
    assert (second.event.id, second.event.type, second.event.source) == ("e-11", "MessageAdded", "crm")
    assert (second.event.time, bytes(second.event.body)) == (minute(3), encode_body(note(1)))


def test_what_people_may_override_is_logged_with_the_row_before(run: CasesRun) -> None:
    """Views tell from it what they overrode; all other rows before were half of the log."""
    opened_run(run).step([enriched(LabelCorrected(ticket_id=TICKET, intent="card_lost"), 11, at=3)])
    first, second = run.log()

    assert second.before == first.after


def test_a_machines_message_is_logged_and_moves_nothing(run: CasesRun) -> None:
    """An absence note after a resolution reopened the ticket and asked a team for an agent.

    The effects that it lacks are in the log, so that batch, which folds the log alone, gets the same row.
    """
    opened_run(run).step([enriched(TicketResolved(ticket_id=TICKET), 11, at=60)])
    told = len(run.told())
    run.step([enriched(from_customer("Automatic reply"), 12, at=61, withheld=tuple(Effect))])
    *_, resolved, last = run.log()
    assert (last.after.status, last.after.customer_messages, len(run.told())) == (Status.RESOLVED, 0, told)
    assert last.withheld == tuple(Effect)
    assert fold(resolved.after, fact_of(last)) == last.after


def test_records_go_to_the_partition_of_their_key(run: CasesRun) -> None:
    """The log is keyed by ticket, work by team; the headers name the cause's time."""
    opened_run(run)
    log, work = run.sent

    assert (log.topic, log.key, log.partition) == (
        Topic.TICKETS_LOG,
        TICKET.encode(),
        partition_for(TICKET, 4),
    )
    assert (work.topic, work.key, work.partition) == (
        Topic.TICKETS_WORK,
        b"payments",
        partition_for("payments", 4),
    )
    assert decode_envelope(log.headers).time == decode_envelope(work.headers).time == minute(0)


def test_routing_is_told_when_and_only_when_its_revision_rises(run: CasesRun) -> None:
    """A note tells nobody; a resolution tells the team that nobody is wanted any more."""
    opened_run(run).step([enriched(note(1), 11), enriched(TicketResolved(ticket_id=TICKET), 12)])

    assert [(n.team, n.work, n.routing_revision) for n in run.told()] == [
        ("payments", Work.WANTED, 1),
        ("payments", Work.NONE, 2),
    ]


def test_a_decision_on_the_current_row_is_applied_and_logged(run: CasesRun) -> None:
    """The log carries the decision as its event; routing hears nothing of what it decided itself."""
    opened_run(run)
    row = run.log()[0].after
    run.step([decided(queued(row), 0, at=1), decided(assigned(row, "A-1"), 1, at=2)])

    assert [entry.event.type for entry in run.log()] == ["TicketOpened", "TicketQueued", "TicketAssigned"]
    assert (run.log()[2].after.assignee, run.log()[2].event.source) == ("A-1", "ticketyard/routing")
    assert len(run.told()) == 1


def test_a_stale_decision_is_counted_and_changes_nothing(run: CasesRun) -> None:
    """Another life, another revision, a held or unknown ticket: routing has decided on what is no more."""
    opened_run(run)
    row = run.log()[0].after
    run.step(
        [
            decided(assigned(row, "A-1", routing_revision=2), 0),
            decided(assigned(row, "A-1", life=3), 1),
            decided(replace(assigned(row, "A-1"), ticket_id="T-unknown"), 2),
            decided(assigned(row, "A-1"), 3),
            decided(assigned(row, "A-2"), 4),
        ]
    )

    assert (run.counts["stale_decisions"], len(run.log())) == (4, 2)
    assert "ticket:T-unknown" not in run.state


def test_what_comes_twice_counts_once(run: CasesRun) -> None:
    """The same event, delivered or published again, also stamped anew, is dropped and counted."""
    first = enriched(from_customer(), 11, event_id="m-1", at=3)
    again = enriched(from_customer(), 14, event_id="m-1", at=9)
    opened_run(run).step([first, at_offset(first, 12)])
    run.step([again])

    assert (len(run.log()), run.counts["duplicates"]) == (2, 2)
    assert run.log()[1].after.customer_messages == 1


def test_a_decision_delivered_again_is_a_duplicate_not_stale(run: CasesRun) -> None:
    """Counts say what happened: the second delivery of what was applied is no wrong decision."""
    opened_run(run)
    decision = decided(assigned(run.log()[0].after, "A-1"), 0)
    run.step([decision, at_offset(decision, 1)])

    assert run.counts.get("stale_decisions") is None
    assert run.counts["duplicates"] == 1


def test_an_id_used_again_for_something_else_is_a_dead_letter(run: CasesRun) -> None:
    """The first word stands; the second is kept whole, with the reason, and changes nothing."""
    first = enriched(SurveyAnswered(ticket_id=TICKET, score=5), 11, event_id="s")
    other = enriched(SurveyAnswered(ticket_id=TICKET, score=1), 12, event_id="s")
    opened_run(run).step([first, other])
    state = dict(run.state)
    run.step([at_offset(other, 13)])

    (letter, _) = run.dead()
    died = msgspec.json.decode(dict(letter.headers)["dead"], type=RecordDied)
    assert (died.error, died.offset, letter.value) == ("DuplicateConflict", 12, other.value)
    assert "SurveyAnswered s of ticket T-1" in died.message
    assert (run.log()[-1].after.survey_score, run.state) == (5, state)


def test_two_sources_may_use_the_same_id(run: CasesRun) -> None:
    """An event is identified by its source and its id, as CloudEvents has it."""
    opened_run(run).step(
        [
            enriched(note(1), 11, event_id="1", source="crm"),
            enriched(note(2), 12, event_id="1", source="chat"),
        ]
    )

    assert (len(run.log()), run.dead()) == (3, [])


def test_a_ticket_with_many_events_still_knows_the_first(run: CasesRun) -> None:
    """Fingerprints are sealed in sets, so an event costs the same however many came before it."""
    records = [enriched(note(number), 11 + number) for number in range(3 * OPEN_IDS)]
    opened_run(run)
    for record in records:
        run.step([record])
    sizes = [len(value) for key, value in run.state.items() if not key.startswith("timer:")]
    run.restart()
    run.step([at_offset(record, 500) for record in records])

    assert (len(run.log()), run.counts["duplicates"]) == (1 + len(records), len(records))
    assert sorted(key for key in run.state if key.startswith("seen:")) == [
        f"seen:{TICKET}/{number}" for number in range(3)
    ]
    assert max(sizes) < 64 * OPEN_IDS


def test_a_watermark_is_nothing_to_fold(run: CasesRun) -> None:
    """The runtime takes watermarks; the logic lets them pass."""
    run.step([record_of(Topic.TICKETS_ENRICHED, WatermarkAdvanced(source_partition=0, watermark=minute(0)))])

    assert (run.sent, run.state) == ([], {})


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (record_of(Topic.TICKETS_ENRICHED, TicketClosed(ticket_id=TICKET)), "UnknownEventType"),
        (record_of(Topic.TICKETS_DECISIONS, TicketClosed(ticket_id=TICKET)), "UnknownEventType"),
        (replace(scored(opened(), 1), value=b"{"), "InvalidBody"),
        (replace(scored(opened(), 1), headers=[]), "NotAnEvent"),
        (replace(scored(opened(), 1), value=None), "InvalidBody"),
        (replace(decided(assigned(open_ticket(), "A-1"), 1), value=b"{}"), "InvalidBody"),
    ],
)
def test_a_record_that_is_no_event_dies_alone(run: CasesRun, record: Record, error: str) -> None:
    """What cannot be read goes to dead letters and the rest of the step goes on."""
    run.step([record, scored(opened(), 9)])

    died = msgspec.json.decode(dict(run.dead()[0].headers)["dead"], type=RecordDied)
    assert (died.error, len(run.log())) == (error, 1)


def test_a_closed_ticket_leaves_the_state_and_returns_as_another_life(run: CasesRun) -> None:
    """After its time nothing of it is kept; a later event starts a state marked resumed, above the old rows."""
    opened_run(run).step([enriched(TicketClosed(ticket_id=TICKET), 11, at=5)])
    run.advance(minute(4) + 30 * DAY)
    assert len(run.logic) == 1

    run.advance(minute(5) + 30 * DAY)
    assert (run.counts["retired"], len(run.logic)) == (1, 0)
    run.restart()
    run.advance(minute(5) + 120 * DAY)
    assert (run.state, run.counts["forgotten"]) == ({}, 1)

    run.step([enriched(from_customer(), 90, at=60 * 24 * 40)])
    last = run.log()[-1]
    assert (last.life, last.revision, last.before, last.after.resumed) == (90, 1, None, True)
    assert (last.after.work, run.counts["resumed"]) == (Work.WANTED, 1)


def test_the_log_ids_of_two_lives_differ(run: CasesRun) -> None:
    """An old event sent again long after starts another life, whose record must not pass for the old one."""
    record = enriched(TicketClosed(ticket_id=TICKET), 11, event_id="c")
    run.step([record])
    run.advance(minute(0) + 31 * DAY)
    run.step([at_offset(record, 80)])

    ids = [decode_envelope(sent.headers).id for sent in run.sent]
    assert (len(ids), len(set(ids))) == (2, 2)


def test_a_reopened_ticket_is_not_forgotten(run: CasesRun) -> None:
    """Reopening stops the clock, closing again starts it anew; a restart in between changes neither."""
    opened_run(run).step(
        [
            enriched(TicketClosed(ticket_id=TICKET), 11, at=5),
            enriched(TicketReopened(ticket_id=TICKET), 12, at=6),
        ]
    )
    run.advance(minute(5) + 30 * DAY)
    assert len(run.logic) == 1

    run.step([enriched(TicketClosed(ticket_id=TICKET), 13, at=60 * 24 * 40)])
    run.restart()
    run.advance(minute(0) + 69 * DAY)
    assert len(run.logic) == 1
    run.advance(minute(0) + 70 * DAY)
    assert len(run.logic) == 0


def test_a_ticket_with_sealed_fingerprints_is_forgotten_whole(run: CasesRun) -> None:
    """Retirement leaves its row alone, and forgetting nothing."""
    opened_run(run).step([enriched(note(number), 11 + number) for number in range(2 * OPEN_IDS)])
    run.step([enriched(TicketClosed(ticket_id=TICKET), 900)])
    run.restart()
    run.advance(minute(0) + 31 * DAY)
    assert list(run.state) == [f"ticket:{TICKET}"]

    run.advance(minute(0) + 121 * DAY)
    assert run.state == {}


def test_nobody_closes_a_resolved_ticket_unless_told_to(run: CasesRun) -> None:
    """Sources that close their tickets themselves must not be forestalled."""
    opened_run(run).step([enriched(TicketResolved(ticket_id=TICKET), 11)])
    run.advance(minute(0) + 365 * DAY)

    assert run.log()[-1].after.status is Status.RESOLVED


def test_a_resolution_that_nobody_objects_to_closes_the_ticket() -> None:
    """With a time set, the stage closes the ticket itself, at the moment it was due, with an id of its own."""
    run = opened_run(CasesRun(Clocks(retire_after=30 * DAY, forget_after=90 * DAY, rules=closing(7 * DAY))))
    run.step([enriched(TicketResolved(ticket_id=TICKET), 11, at=5)])
    run.restart()
    run.advance(minute(5) + 8 * DAY)
    last = run.log()[-1]

    assert (last.event.type, last.event.source) == ("TicketClosed", "ticketyard/cases")
    assert (last.after.status, last.after.closed_at) == (Status.CLOSED, minute(5) + 7 * DAY)
    assert run.counts["reached_close"] == 1

    run.step([enriched(TicketClosed(ticket_id=TICKET), 12, at=60 * 24 * 9)])
    assert (run.log()[-1].after.closed_at, run.log()[-1].revision) == (minute(5) + 7 * DAY, 4)
    run.advance(minute(0) + 39 * DAY)
    assert len(run.logic) == 0


def test_an_objection_in_time_keeps_a_ticket_open() -> None:
    """The clock stops when the ticket is reopened and starts anew with the next resolution."""
    run = opened_run(CasesRun(Clocks(retire_after=30 * DAY, forget_after=90 * DAY, rules=closing(7 * DAY))))
    run.step(
        [
            enriched(TicketResolved(ticket_id=TICKET), 11, at=5),
            enriched(from_customer(), 12, at=6),
            enriched(TicketResolved(ticket_id=TICKET), 13, at=90),
        ]
    )
    run.advance(minute(89) + 7 * DAY)
    assert run.log()[-1].after.status is Status.RESOLVED
    run.advance(minute(90) + 7 * DAY)
    assert run.log()[-1].after.status is Status.CLOSED


def test_a_ticket_said_resolved_again_is_closed_all_the_same() -> None:
    """A restatement later than the due time does not make the closing a late event."""
    run = opened_run(CasesRun(Clocks(retire_after=30 * DAY, forget_after=90 * DAY, rules=closing(DAY))))
    run.step(
        [
            enriched(TicketResolved(ticket_id=TICKET), 11, at=5),
            enriched(TicketUpdated(ticket_id=TICKET, status=Status.RESOLVED), 12, at=60 * 48),
        ]
    )
    run.advance(minute(60 * 48))

    assert (run.log()[-1].after.status, run.log()[-1].after.late_events) == (Status.CLOSED, 0)


def test_a_timer_that_means_nothing_any_more_is_counted(run: CasesRun) -> None:
    """Nothing is closed or forgotten by a clock that does not run."""
    opened_run(run)
    state = dict(run.state)
    step = run._step()
    for name in (TICKET, "T-unknown", "what"):
        run.logic.fire(name, step)

    assert (step.counts, step.changes, run.state) == ({"unknown_timers": 3}, {}, state)


def test_late_events_are_counted_for_the_operator(run: CasesRun) -> None:
    """The row counts them for analysts, the stage for its metrics."""
    opened_run(run).step(
        [
            enriched(TicketUpdated(ticket_id=TICKET, status=Status.ESCALATED), 11, at=9),
            enriched(TicketUpdated(ticket_id=TICKET, status=Status.IN_PROGRESS), 12, at=5),
        ]
    )

    assert (run.counts["late_events"], run.log()[-1].after.late_events) == (1, 1)


def test_the_log_carries_the_thread_rule_where_a_message_may_change_the_intent() -> None:
    """Not where the model answered nothing, and not under the rule that held before there was a choice."""
    rule = ThreadRule(policy="latest_message")
    run = CasesRun(Clocks(retire_after=30 * DAY, forget_after=90 * DAY), rule)
    run.step([scored(opened(), 1), enriched(from_customer(), 2, at=1), scored(from_customer(), 3, at=2)])
    assert [entry.thread_rule for entry in run.log()] == [rule, None, rule]

    plain = CasesRun(Clocks(retire_after=30 * DAY, forget_after=90 * DAY))
    plain.step([scored(opened(), 1)])
    assert plain.log()[0].thread_rule is None
