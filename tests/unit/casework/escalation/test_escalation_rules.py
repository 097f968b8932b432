"""When rules of escalation fire, what they do to a ticket, and what ends them."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from casework.escalation.escalation import Escalation
from casework.escalation.table import EscalationTable
from casework.rules import CaseRules
from schemas.effects import Effect
from schemas.records.derived.alerts import TicketEscalated
from schemas.records.derived.routing_events import SkillsRelaxed
from schemas.records.events import (
    EscalationRequested,
    TicketClosed,
    TicketDeescalated,
    TicketImported,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import Said
from schemas.triage import Cut
from schemas.vocabulary import Channel, Priority, Status, Tier
from tests.unit.casework.escalation.rules_of import Desk, feeling, rules_of, table
from tests.unit.schemas.ticket_facts import SCORED, TICKET, fact, from_agent, from_customer, minute, opened

AGE = "name: old, when: {age: {critical: 30 min, urgent: 1 h, high: 2 h, medium: 8 h}}, level: 1, cool_down: 1 d"
UNASSIGNED = "name: alone, when: {unassigned: 15 min}, level: 1, cool_down: 2 h, until_gone: true"
MOOD = "name: mood, when: {sentiment_below: -0.5}, level: 1, cool_down: 1 h, until_gone: true"
ASKED = "name: asked, when: {asked: true}, level: 2"
BACK_AND_FORTH = "name: talk, when: {interactions_at_least: 3}, level: 1, cool_down: 1 h"


def desk(*rules: str, **parts: str) -> Desk:
    """Return a desk with rules and a ticket of high priority, opened at minute 0."""
    made = Desk(rules_of(table(*rules, **parts)))
    made.take(fact(opened(), 0, SCORED))
    return made


def to(**fields: object) -> TicketUpdated:
    return TicketUpdated(ticket_id=TICKET, **fields)  # type: ignore[arg-type]  # fields by name


def test_a_ticket_that_is_open_for_too_long_is_escalated_once() -> None:
    """The alert says which rule of which file, why, whom it tells and how high; the row says so too."""
    tried = desk(AGE)
    row = tried.wait(60 * 24 * 5)
    ((at, alert),) = tried.happened

    assert isinstance(alert, TicketEscalated)
    assert (at, alert.rule, alert.cause, alert.reason) == (120, "old", "age", "open over 2 h (high)")
    assert (alert.level, alert.owner, alert.owner_is) == (1, "team_leads", "team")
    assert alert.rules_version == row.escalation_rules_version == table(AGE).sum
    assert (row.escalation_level, row.escalated_at) == (1, minute(120))
    assert (row.escalation_causes, row.escalation_owner) == (("old",), "team_leads")


@pytest.mark.parametrize(
    ("changed_at", "priority", "fires_at"),
    [(10, Priority.CRITICAL, 30), (60, Priority.CRITICAL, 60), (60, Priority.MEDIUM, 480)],
)
def test_the_time_of_escalation_follows_a_change_of_priority(
    changed_at: float, priority: Priority, fires_at: float
) -> None:
    """Trackers that compute the time at the opening kept it when the priority changed: a critical ticket waited 2 h."""
    tried = desk(AGE)
    tried.take(fact(to(priority=priority), changed_at))
    tried.wait(1000)

    assert tried.fired() == [(fires_at, "old")]


def test_a_rule_that_fired_does_not_fire_again_when_the_priority_changes() -> None:
    """It is the same cause: the ticket is old."""
    tried = desk(AGE)
    tried.wait(130)
    tried.take(fact(to(priority=Priority.CRITICAL), 140), fact(to(priority=Priority.MEDIUM), 150))
    tried.wait(10_000)

    assert tried.fired() == [(120, "old")]


def test_an_escalation_is_taken_back_when_its_cause_has_gone() -> None:
    """An agent has it; when nobody has it again, the rule keeps still until its cool-down is over."""
    tried = desk(UNASSIGNED)
    row = tried.take(fact(to(assignee="A-1"), 20))
    assert (row.escalation_level, row.escalation_owner, row.escalations[0].fired_at) == (0, None, minute(15))

    tried.take(fact(to(assignee=None), 30))
    tried.wait(134)
    assert tried.fired() == [(15, "alone"), (20, "-alone")]
    tried.wait(500)
    assert tried.fired()[2:] == [(135, "alone")]


def test_an_escalation_stays_where_the_file_does_not_say_that_it_ends() -> None:
    """Without `until_gone` a person ends it."""
    tried = desk(UNASSIGNED.replace(", until_gone: true", ""))
    row = tried.take(fact(to(assignee="A-1"), 20), fact(to(assignee=None), 30))
    tried.wait(10_000)

    assert (row.escalation_level, tried.fired()) == (1, [(15, "alone")])


def test_the_mood_is_the_mean_of_the_last_three_messages() -> None:
    """Two bad messages are not enough; a good one ends it."""
    tried = desk(MOOD)
    tried.take(fact(from_customer(), 5, feeling(-0.8)), fact(from_customer(), 6, feeling(-0.9)))
    assert tried.fired() == []
    row = tried.take(fact(from_customer(), 7, feeling(-0.1)))
    assert (tried.fired(), row.recent_sentiments) == ([(7, "mood")], (-0.8, -0.9, -0.1))
    tried.take(fact(from_customer(), 8, feeling(0.5)))
    assert tried.fired() == [(7, "mood"), (8, "-mood")]


def test_an_automatic_reply_has_no_mood() -> None:
    """Absence notes counted as messages of the customer."""
    tried = desk(MOOD)
    machine = fact(from_customer("attorney"), 5, feeling(-0.8))
    row = tried.take(replace(machine, withheld=(Effect.CUSTOMER_MESSAGE,)))

    assert row.recent_sentiments == ()


def test_interactions_of_both_sides_count() -> None:
    """Notes between agents do not."""
    tried = desk(BACK_AND_FORTH)
    tried.take(*(fact(body, 5) for body in (from_customer(), from_agent(), from_agent(public=False))))
    assert tried.fired() == []
    tried.take(fact(from_customer(), 6))
    assert tried.fired() == [(6, "talk")]


def test_all_conditions_of_a_rule_must_hold() -> None:
    """An important customer's ticket that waits; what narrows a rule down is no cause."""
    tried = desk("name: vip, when: {tiers: [gold], unassigned: 10 min, priorities: [high]}, level: 1")
    tried.wait(30)
    assert tried.fired() == []
    tried.take(fact(to(customer_tier=Tier.GOLD), 40))
    ((_, alert),) = tried.happened

    assert isinstance(alert, TicketEscalated)
    assert (tried.fired(), alert.cause) == ([(40, "vip")], "unassigned")
    assert alert.reason == "without an agent over 10 min (high); customer_tier gold"


@pytest.mark.parametrize(
    ("text", "language", "fires"),
    [
        ("I will call my lawyer!", "en", True),
        ("the LAWYER", "en", True),
        ("lawyerly prose", "en", False),
        ("Mein Anwalt wird sich melden", "de", True),
        ("Mein Anwalt wird sich melden", "en", False),
        ("Mein Anwalt wird sich melden", "ja", True),
        ("take legal\n action", "en", True),
        ("私は弁護士に相談します", "ja", True),
    ],
)
def test_words_of_concern_are_whole_words_of_the_messages_language(
    text: str, language: str, *, fires: bool
) -> None:
    """A language without words of its own is read in all."""
    words = "{legal: {en: [lawyer, legal action], de: [anwalt], zh: [弁護士]}}"
    tried = desk("name: legal, when: {concerns: [legal]}, level: 2", concerns=words)
    tried.take(fact(from_customer(text), 5, replace(SCORED, language=language)))

    assert (tried.fired() == [(5, "legal")]) is fires


def test_what_a_customer_quotes_is_no_word_of_theirs() -> None:
    """An agent's footer with the word `court` escalated every answer to it."""
    tried = desk("name: legal, when: {concerns: [legal]}, level: 2", concerns="{legal: {en: [court]}}")
    text = "thanks\n> the court of Hamburg"
    quoted = replace(SCORED, cleaned=(Cut(kind="quoted_reply", start=7, end=len(text)),))
    tried.take(fact(from_customer(text), 5, quoted))

    assert tried.fired() == []


def test_a_persons_request_is_followed_at_once_and_never_undone_by_a_rule() -> None:
    """What it does comes from the level: priority, status and owner. Only a person ends it."""
    tried = desk(ASKED, MOOD)
    row = tried.take(fact(EscalationRequested(ticket_id=TICKET, requested_by="A-9"), 5))
    assert (row.escalation_level, row.escalation_owner, row.status) == (2, "boss", Status.ESCALATED)
    assert (row.priority, row.priority_reasons[-1]) == (Priority.URGENT, "escalated:asked")
    ((_, alert),) = tried.happened
    assert isinstance(alert, TicketEscalated)
    assert (alert.asked, alert.reason, alert.owner_is) == (True, "asked for by A-9", "person")

    row = tried.take(fact(TicketDeescalated(ticket_id=TICKET, rule="asked"), 6))
    assert row.escalation_level == 2
    row = tried.take(fact(TicketDeescalated(ticket_id=TICKET, deescalated_by="M-1"), 7))
    assert (row.escalation_level, row.status, row.escalation_causes) == (0, Status.NEW, ())
    assert row.illegal_transition is None
    tried.take(fact(EscalationRequested(ticket_id=TICKET, requested_by="A-9"), 8))
    assert [at for at, _ in tried.fired()] == [5, 8]


def test_what_a_person_has_ended_begins_again_with_a_new_cause_alone() -> None:
    """The ticket goes on being old; it was dealt with."""
    tried = desk(AGE)
    tried.wait(125)
    tried.take(fact(TicketDeescalated(ticket_id=TICKET, deescalated_by="M-1"), 130))
    row = tried.wait(60 * 24 * 30)

    assert (tried.fired(), row.escalation_level) == ([(120, "old")], 0)


def test_an_older_word_does_not_end_a_later_escalation() -> None:
    """A producer that was held up sent the end of an escalation that has begun again since.

    One whose clock was 20 s behind ended nothing either, and nothing told its people: it counts as late.
    """
    tried = desk(ASKED)
    tried.take(fact(EscalationRequested(ticket_id=TICKET, requested_by="A-9"), 20))
    row = tried.take(fact(TicketDeescalated(ticket_id=TICKET, deescalated_by="M-1"), 10))
    assert (row.escalation_level, row.late_events) == (2, 1)

    for _ in range(2):  # what is in time, or has nothing to end, is not late
        row = tried.take(fact(TicketDeescalated(ticket_id=TICKET, deescalated_by="M-1"), 20))
        assert (row.escalation_level, row.late_events) == (0, 1)


def test_solving_a_ticket_ends_its_escalations_and_reopening_begins_anew() -> None:
    """Its age counts from the reopening: what was solved in between did not wait."""
    tried = desk(AGE)
    tried.wait(125)
    row = tried.take(fact(TicketResolved(ticket_id=TICKET), 130))
    assert (row.escalation_level, row.escalation_causes) == (0, ())
    tried.take(fact(TicketReopened(ticket_id=TICKET), 3000))
    tried.wait(9000)

    assert tried.fired() == [(120, "old"), (3120, "old")]


def test_a_level_that_nobody_ends_leads_to_the_next() -> None:
    """Both rules hold it then, and the higher one says whose it is."""
    tried = desk(AGE, "name: onwards, when: {still_at: {level: 1, after: 30 min}}, level: 2")
    row = tried.wait(1000)

    assert tried.fired() == [(120, "old"), (150, "onwards")]
    assert (row.escalation_level, row.escalation_causes, row.escalation_owner) == (
        2,
        ("old", "onwards"),
        "boss",
    )


def test_no_progress_counts_from_the_last_work_and_not_while_the_customer_is_waited_for() -> None:
    """An agent's note is progress; a customer's message is none."""
    tried = desk("name: stuck, when: {no_progress: 1 h}, level: 1, cool_down: 1 h")
    tried.take(fact(from_agent(public=False), 50), fact(from_customer(), 60))
    tried.take(fact(to(status=Status.PENDING_CUSTOMER), 100))
    tried.wait(1000)
    assert tried.fired() == []
    tried.take(fact(from_customer(), 2000))
    tried.wait(3000)
    assert tried.fired() == [(2060, "stuck")]


def test_rules_do_not_overrule_people() -> None:
    """The priority that a person set and the team that a person named stay."""
    levels = "{1: {owner: {team: t}, raise_priority: 2, move_to: tier_2}}"
    tried = desk(AGE, levels=levels)
    tried.take(
        fact(to(priority=Priority.LOW), 5),
        fact(to(priority=Priority.HIGH), 6),
        fact(TicketTransferred(ticket_id=TICKET, team="cards"), 7),
    )
    row = tried.wait(200)

    assert (row.escalation_level, row.priority, row.team) == (1, Priority.HIGH, "cards")


def test_a_level_can_move_a_ticket_and_name_another_owner_by_team() -> None:
    """The model does not move it back."""
    levels = "{1: {owner: {team: t}, owners_by_team: {payments: {person: anna}}, move_to: tier_2}}"
    tried = desk(AGE, levels=levels)
    row = tried.wait(200)

    assert (row.team, row.team_said_by, row.escalation_owner) == ("tier_2", Said.ROUTING, "anna")


def test_a_status_that_a_person_said_stays_when_rules_end() -> None:
    """Somebody said `escalated` after the rule had."""
    levels = "{1: {owner: {team: t}, set_status: true}}"
    tried = desk(UNASSIGNED, levels=levels)
    tried.take(fact(to(status=Status.ESCALATED), 20))
    row = tried.take(fact(to(assignee="A-1"), 21))

    assert (row.escalation_level, row.status) == (0, Status.ESCALATED)


def test_a_ticket_resolved_before_it_was_opened_is_not_escalated() -> None:
    """Clocks of two systems differ: the resolution bears the earlier time. It is solved, and nothing is due."""
    tried = Desk(rules_of(EscalationTable.load()))
    tried.take(fact(opened(), 60, SCORED), fact(TicketResolved(ticket_id=TICKET), 0))
    row = tried.wait(60 * 24 * 30)
    assert (row.status, tried.fired()) == (Status.RESOLVED, [])

    other = Desk(rules_of(EscalationTable.load()))
    other.take(fact(TicketResolved(ticket_id=TICKET), 0), fact(opened(), 60, SCORED))
    row = other.wait(60 * 24 * 30)
    assert (row.status, other.fired()) == (Status.RESOLVED, [])


def test_a_producers_clock_that_is_a_day_behind_makes_a_ticket_a_day_old() -> None:
    """Times count as they are told: what is due by them fires with the event that tells them, and once."""
    tried = Desk(rules_of(table(AGE)))
    tried.row = rules_of(table(AGE)).fold(None, fact(opened(), -60 * 24, SCORED))
    tried.take(fact(from_agent(), 0))
    tried.wait(1000)

    assert tried.fired() == [(120 - 60 * 24, "old")]


def test_a_producers_clock_that_is_a_day_ahead_escalates_nothing_a_second_time() -> None:
    """The message of tomorrow moves what came last; those of today that follow neither fire nor end it again."""
    tried = desk(BACK_AND_FORTH)
    tried.take(*(fact(from_customer(), 60 * 24 + number) for number in range(3)))
    tried.take(fact(from_agent(), 10), fact(from_customer(), 11))

    assert tried.fired() == [(60 * 24 + 2, "talk")]


TALK_OF_VIPS = "name: vip, when: {tiers: [gold]}, level: 1"


def test_what_was_so_before_there_were_rules_is_no_news() -> None:
    """The first start on a desk of 500 open tickets escalated each of them several times at once, days late.

    What a stage says of an old row tells no time of now. What is new after it counts as ever.
    """
    tried = Desk(rules_of(table(AGE, UNASSIGNED, TALK_OF_VIPS, BACK_AND_FORTH, ASKED)))
    tried.row = CaseRules().fold(None, fact(opened(customer_tier=Tier.GOLD), 0, SCORED))
    relaxed = fact(SkillsRelaxed(ticket_id=TICKET, skills=()), 5)
    tried.take(replace(relaxed, source="ticketyard/cases"))
    tried.wait(60 * 24 * 3)
    row = tried.take(fact(from_customer(), 5000))
    tried.wait(5010)
    assert (tried.fired(), row.escalation_level) == ([], 0)
    assert row.escalation_rules_version == tried.rules.escalation.version  # type: ignore[union-attr]

    tried.take(fact(from_customer(), 5011), fact(from_customer(), 5012))
    tried.take(fact(EscalationRequested(ticket_id=TICKET, requested_by="A-9"), 5020))
    tried.take(fact(to(assignee="A-1"), 5030), fact(to(assignee=None), 5130))
    tried.wait(6000)
    assert tried.fired() == [(5012, "talk"), (5020, "asked"), (5145, "alone")]


def test_an_event_that_fulfils_a_rule_counts_although_it_is_the_first_that_the_rules_see() -> None:
    """The customer's third message came right after the upgrade."""
    tried = Desk(rules_of(table(AGE, BACK_AND_FORTH)))
    for at, body in enumerate([opened(), from_customer(), from_agent()]):
        tried.row = CaseRules(progress=True).fold(tried.row, fact(body, at, SCORED))
    tried.take(fact(from_customer(), 5000))

    assert tried.fired() == [(5000, "talk")]


def test_an_import_of_an_open_ticket_tells_nothing_old() -> None:
    """A move from another system, 10,000 tickets of weeks ago, told the leads of each. One opened now counts."""
    tried, other = (Desk(rules_of(table(AGE, TALK_OF_VIPS, BACK_AND_FORTH))) for _ in range(2))
    imported = TicketImported(
        ticket_id=TICKET,
        customer_id="C-1",
        channel=Channel.EMAIL,
        customer_tier=Tier.GOLD,
        status=Status.IN_PROGRESS,
        opened_at=minute(-60 * 24 * 10),
    )
    row = tried.take(fact(imported, 0, SCORED))
    tried.wait(1000)
    assert (tried.fired(), row.escalation_level) == ([], 0)
    tried.take(*(fact(from_customer(), 1000 + number) for number in range(3)))
    assert tried.fired() == [(1002, "talk")]

    other.take(fact(replace(imported, opened_at=minute(0)), 0, SCORED))
    other.wait(1000)
    assert other.fired() == [(0, "vip"), (120, "old")]


def test_a_ticket_solved_before_there_were_rules_begins_anew_when_it_is_reopened() -> None:
    """Nothing was passed over, so no cool-down holds its rules back."""
    tried = Desk(rules_of(table(AGE)))
    for at, body in ((0, opened()), (5, TicketResolved(ticket_id=TICKET))):
        tried.row = CaseRules().fold(tried.row, fact(body, at, SCORED))
    tried.take(fact(TicketReopened(ticket_id=TICKET), 5000))
    tried.wait(9000)

    assert tried.fired() == [(5120, "old")]


def test_what_a_rule_did_that_is_no_longer_in_the_file_ends() -> None:
    """A team lead deleted a rule that fired too often; its tickets stayed high for days and rose to level 2."""
    onwards = "name: onwards, when: {still_at: {level: 1, after: 5 h}}, level: 2"
    lifted = "{1: {owner: {team: t}, set_status: true}, 2: {owner: {team: u}}}"
    tried = Desk(rules_of(table(AGE, UNASSIGNED, ASKED, onwards, levels=lifted)))
    tried.take(fact(opened(), 0, SCORED), fact(to(team="cards"), 125))
    assert tried.row is not None
    assert (tried.row.escalation_causes, tried.row.status) == (("alone", "old"), Status.ESCALATED)
    tried.rules = rules_of(table(onwards, levels=lifted))
    row = tried.wait(1000)

    assert tried.fired() == [(15, "alone"), (120, "old"), (125, "-alone"), (125, "-old")]
    assert (row.escalation_level, row.escalation_causes, row.status) == (0, (), Status.NEW)


def test_what_a_person_asked_for_stays_without_its_rule() -> None:
    """Only people end it, whatever the file says by then."""
    tried = desk(ASKED)
    tried.take(fact(EscalationRequested(ticket_id=TICKET, requested_by="A-9"), 5))
    tried.rules = rules_of(table(AGE))
    row = tried.take(fact(from_customer(), 10))

    assert (row.escalation_level, tried.fired()) == (2, [(5, "asked")])


def hours(limits: dict[Priority, timedelta] | None, priority: Priority) -> float:
    assert limits is not None
    return limits[priority].total_seconds() / 3600


def test_the_packaged_rules_have_all_that_the_document_names() -> None:
    """Age and waiting by priority, five interactions, mood, no progress, repeats, VIP, words, a person's word."""
    rules = {rule.name: rule for rule in EscalationTable.load().rules}
    hours = {
        name: [limits[priority].total_seconds() / 3600 for priority in reversed(Priority)]
        for name, limits in (
            ("age", rules["open_too_long"].when.age),
            ("wait", rules["nobody_took_it"].when.unassigned),
        )
        if limits
    }

    assert hours == {"age": [0.5, 2, 8, 48, 96], "wait": [0.25, 1, 4, 24, 48]}
    assert rules["back_and_forth"].when.interactions_at_least == 5
    assert rules["unhappy_customer"].when.sentiment_below == -0.5
    assert len({clock.name for clock in Escalation(EscalationTable.load()).clocks}) == len(rules) + 1 == 14


def test_without_rules_nothing_is_escalated(tmp_path: Path) -> None:
    """A file with no rules turns escalation off."""
    path = tmp_path / "none.yaml"
    path.write_text('version: "1"\nlevels: {}\nrules: []\n')
    tried = Desk(rules_of(EscalationTable.load(path)))
    tried.take(fact(opened(), 0, SCORED))
    row = tried.wait(100_000)

    assert (tried.happened, row.escalations) == ([], ())
    assert Desk(rules_of(table())).take(fact(opened(), 0), fact(TicketClosed(ticket_id=TICKET), 1)).closed_at
