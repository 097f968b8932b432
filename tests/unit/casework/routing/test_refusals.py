"""What becomes of a ticket that the only agent does not take, or does nothing about."""

from casework.clocks import earliest
from casework.routing.clocks import routing_clocks
from casework.routing.rules import RoutingRules
from casework.rules import CaseRules
from schemas.records.derived.routing_events import (
    AgentFellSilent,
    OfferExpired,
    PassOverEnded,
    SkillsRelaxed,
    TicketOverflowed,
)
from schemas.records.events import OfferDeclined, TicketEvent, TicketTransferred
from schemas.records.ticket_row import TicketRow, Work
from tests.unit.casework.routing.test_routing_clocks import after, due, offered, reach, returned, waiting
from tests.unit.schemas.ticket_facts import TICKET, assigned, minute, queued

LONE = CaseRules(
    clocks=routing_clocks(
        RoutingRules.parse(
            b"version: '1'\ndefaults: {silent_minutes: 60, again_minutes: 7, offer_seconds: 90}", source="r"
        )
    )
)


def lone_due(row: TicketRow) -> tuple[str, float] | None:
    """Return what is due first where no team helps out, and at which minute."""
    found = earliest(LONE.clocks, row)
    return None if found is None else (found.clock.name, (found.due - minute(0)).total_seconds() / 60)


def test_an_offer_that_nobody_answers_overflows_with_those_that_wait() -> None:
    """The only agent was asked again every minute; the ticket was never in a queue, so it never overflowed."""
    row, at, said = waiting(), 0.0, list[type[TicketEvent]]()
    while row.team == "payments":
        if row.work is Work.WANTED and row.refused_at is None:
            row = after(row, (offered(row, "ana"), at))
        at = ((due(row) or minute(0)) - minute(0)).total_seconds() / 60
        event, row = reach(row)
        said.append(type(event))
    assert said == [OfferExpired, PassOverEnded] * 3 + [TicketOverflowed]
    assert (row.work, row.offered_to, row.queued_at) == (Work.WANTED, None, None)


def test_what_people_moved_to_a_team_does_not_overflow() -> None:
    """A lead gave it to payments since only they may see it; ten minutes later it was with another team."""
    moved = after(waiting(), (TicketTransferred(ticket_id=TICKET, team="payments"), 1))
    event, relaxed = reach(moved)
    assert isinstance(event, SkillsRelaxed)
    assert (relaxed.work, relaxed.team, due(relaxed)) == (Work.WANTED, "payments", None)


def test_what_was_offered_and_never_queued_overflows_from_its_first_offer_on() -> None:
    """In the team that helps out the time begins anew, whoever is asked there, and however often."""
    row = reach(waiting())[1]
    assert row.team == "billing"
    row = after(row, (offered(row, "ben"), 21))
    assert row.queued_at is None
    for back in (reach(row)[1], after(row, (returned(row, "ben"), 22))):
        assert back.queued_at == minute(21)


def test_who_did_not_take_a_ticket_is_asked_again_only_after_a_pause() -> None:
    """A client that declines by itself made thousands of offers an hour."""
    row = after(waiting(), (offered(waiting(), "ana"), 1))
    row = after(row, (OfferDeclined(ticket_id=TICKET, agent_id="ana"), 2))
    assert (row.refused_at, lone_due(row)) == (minute(2), ("again", 9.0))
    asked = after(row, (PassOverEnded(ticket_id=TICKET, agents=("ana",)), 9))
    assert (asked.refused_at, asked.passed_over) == (None, ("ana",)), "still only where nobody else ever can"
    assert asked.routing_revision == row.routing_revision + 1
    assert lone_due(asked) is None


def test_a_refusal_with_an_old_time_pauses_as_long() -> None:
    """A client whose clock is an hour behind would have been asked again at once, for ever."""
    row = after(waiting(), (offered(waiting(), "ana"), 1))
    assert after(row, (OfferDeclined(ticket_id=TICKET, agent_id="ana"), -60)).refused_at == minute(1)


def test_a_ticket_whose_only_agent_is_silent_overflows() -> None:
    """They got it back at once, each time for an hour: it never waited long enough for the other team."""
    row = after(waiting(), (assigned(waiting(), "ana"), 1))
    event, row = reach(row)
    assert isinstance(event, AgentFellSilent)
    row = after(row, (queued(row), 61))
    event, row = reach(row)
    assert (type(event), row.team, row.refused_at) == (TicketOverflowed, "billing", None)


def test_what_a_clock_of_routing_says_is_no_word_from_outside() -> None:
    """Offers that ran out made a ticket look active about which nobody had said anything."""
    row = after(waiting(), (assigned(waiting(), "ana"), 1))
    assert reach(row)[1].last_event_at == row.last_event_at == minute(0)


def test_a_silent_agent_has_the_ticket_again_where_no_team_helps_out() -> None:
    """After a pause: with nobody else there, waiting for somebody else would help nobody."""
    row = after(waiting(), (assigned(waiting(), "ana"), 1))
    row = after(row, (AgentFellSilent(ticket_id=TICKET, agent_id="ana"), 61))
    assert lone_due(after(row, (queued(row), 61))) == ("again", 68.0)


def test_an_offer_of_a_refused_ticket_to_another_ends_no_pause() -> None:
    """The pause is of those who refused: once another has not taken it either, it begins anew."""
    row = after(waiting(), (offered(waiting(), "ana"), 1))
    row = after(row, (OfferDeclined(ticket_id=TICKET, agent_id="ana"), 2))
    row = after(row, (offered(row, "ben"), 3))
    assert lone_due(row) == ("offer", 4.5)
    row = after(row, (OfferExpired(ticket_id=TICKET, agent_id="ben"), 4.5))
    assert (row.passed_over, lone_due(row)) == (("ana", "ben"), ("again", 11.5))
