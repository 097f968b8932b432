"""What time does to a ticket without an agent, or with one who does nothing; and what people do instead."""

from datetime import datetime

from msgspec.structs import replace

from casework.clocks import DueClock, earliest
from casework.routing.clocks import routing_clocks
from casework.routing.rules import RoutingRules
from casework.rules import CaseRules
from schemas.records.derived.decisions import TicketOffered, TicketReturned
from schemas.records.derived.routing_events import (
    AgentFellSilent,
    OfferExpired,
    SkillsRelaxed,
    StickinessEnded,
    TicketOverflowed,
)
from schemas.records.events import (
    AgentExcluded,
    LabelCorrected,
    OfferAccepted,
    OfferDeclined,
    TicketEvent,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.vocabulary import Status, Tier
from tests.unit.schemas.ticket_facts import (
    SCORED,
    TICKET,
    assigned,
    fact,
    from_agent,
    from_customer,
    minute,
    opened,
    queued,
)

ROUTING = RoutingRules.parse(
    b"""
version: "1"
skills:
  - {when: {categories: [refund_request]}, need: [refunds], relax_minutes: 30}
defaults: {grant_other_agent: true, sticky_minutes: 10, silent_minutes: 60, offer_seconds: 90}
teams:
  payments: {overflow: {to: billing, after_minutes: 20}}
""",
    source="rules.yaml",
)
RULES = CaseRules(clocks=routing_clocks(ROUTING), routing=ROUTING)


def after(row: TicketRow | None, *events: tuple[TicketEvent, float]) -> TicketRow:
    """Return the row after events at minutes, by the rules."""
    for body, at in events:
        row = RULES.fold(row, fact(body, at))
    assert row is not None
    return row


def waiting() -> TicketRow:
    """Return a ticket that waits in the queue of payments since minute 0."""
    row = RULES.fold(None, fact(opened(), 0, SCORED))
    return after(row, (queued(row), 0))


def offered(row: TicketRow, agent_id: str) -> TicketOffered:
    """Return routing's offer of the row as it is."""
    chosen = assigned(row, agent_id)
    return TicketOffered(**{name: getattr(chosen, name) for name in chosen.__struct_fields__})


def returned(row: TicketRow, agent_id: str) -> TicketReturned:
    """Return routing's word that the agent of the row is away."""
    common = {
        name: getattr(queued(row), name) for name in TicketReturned.__struct_fields__ if name != "agent_id"
    }
    return TicketReturned(**common, agent_id=agent_id)


def due(row: TicketRow) -> datetime | None:
    """Return when something is due on the row."""
    found = earliest(RULES.clocks, row)
    return None if found is None else found.due


def reach(row: TicketRow) -> tuple[TicketEvent, TicketRow]:
    """Return what is due next on the row, and the row after it: the same moment must not be due again."""
    found = earliest(RULES.clocks, row)
    assert isinstance(found, DueClock)
    event = found.clock.reached(row, found.due, found.due)
    reached = RULES.fold(row, replace(fact(event), time=found.due))
    following = earliest(RULES.clocks, reached)
    assert following is None or (following.due, following.clock) != tuple(found)
    return event, reached


def test_an_offer_is_a_state_of_its_own_with_a_revision_of_its_own() -> None:
    """Priority and label may change under an offer: only who is asked, and where, matters to the team."""
    row = waiting()
    row = after(row, (offered(row, "ana"), 1))
    assert (row.work, row.offered_to, row.offered_at, row.assignee) == (Work.OFFERED, "ana", minute(1), None)
    assert row.routing_revision == 2
    assert after(row, (LabelCorrected(ticket_id=TICKET, intent="x"), 2)).routing_revision == 2
    assert row.waiting_since == minute(0), "who is asked has not taken it: the wait goes on"


def test_an_offer_that_is_accepted_is_an_assignment() -> None:
    """Routing chose, the agent agreed: a reopening lets go of them as of any choice of routing."""
    row = waiting()
    row = after(row, (offered(row, "ana"), 1), (OfferAccepted(ticket_id=TICKET, agent_id="ana"), 2))
    assert (row.work, row.assignee, row.assignee_said_by) == (Work.HELD, "ana", Said.ROUTING)
    assert (row.offered_to, row.status, row.assigned_at) == (None, Status.ASSIGNED, minute(2))


def test_an_offer_that_is_declined_or_expires_goes_to_another_first() -> None:
    """Who said no, or nothing, is passed over until somebody has the ticket."""
    row = waiting()
    row = after(row, (offered(row, "ana"), 1))
    declined = after(row, (OfferDeclined(ticket_id=TICKET, agent_id="ana"), 2))
    event, expired = reach(row)
    assert due(row) == minute(2.5)
    assert isinstance(event, OfferExpired)
    for refused in (declined, expired):
        assert (refused.work, refused.passed_over, refused.offered_to) == (Work.WANTED, ("ana",), None)
    held = after(declined, (assigned(declined, "ben"), 4))
    assert held.passed_over == ()


def test_an_answer_to_an_offer_that_is_over_comes_too_late() -> None:
    """The offer went to ben meanwhile; what ana says of hers must not take his away."""
    row = waiting()
    row = after(row, (offered(row, "ana"), 1), (OfferDeclined(ticket_id=TICKET, agent_id="ana"), 2))
    row = after(row, (offered(row, "ben"), 3))
    for late in (
        OfferAccepted(ticket_id=TICKET, agent_id="ana"),
        OfferDeclined(ticket_id=TICKET, agent_id="ana"),
    ):
        ignored = after(row, (late, 4))
        assert (ignored.offered_to, ignored.late_events) == ("ben", row.late_events + 1)


def test_people_who_transfer_a_ticket_overrule_offer_and_overflow() -> None:
    """A person's word always wins, also one of before the overflow that arrives after it."""
    row = waiting()
    row = after(row, (offered(row, "ana"), 1))
    given = after(row, (TicketTransferred(ticket_id=TICKET, team="legal", assignee="eve"), 2))
    assert (given.work, given.assignee, given.offered_to) == (Work.HELD, "eve", None)
    moved = after(row, (TicketTransferred(ticket_id=TICKET, team="legal"), 2))
    assert (moved.work, moved.team, moved.offered_to) == (Work.WANTED, "legal", None)
    event, overflowed = reach(waiting())
    assert isinstance(event, TicketOverflowed)
    kept = after(overflowed, (TicketTransferred(ticket_id=TICKET, team="legal"), 19))
    assert (kept.team, kept.late_events) == ("legal", 0)


def test_a_ticket_overflows_once_its_queue_has_had_it_for_long_enough() -> None:
    """It waits afresh in the second team's queue, and its age goes with it; a new prediction does not move it back."""
    row = waiting()
    assert due(row) == minute(20)
    event, moved = reach(row)
    assert event == TicketOverflowed(ticket_id=TICKET, from_team="payments", team="billing")
    assert (moved.team, moved.team_said_by, moved.transfers) == ("billing", Said.ROUTING, 0)
    assert (moved.waiting_since, moved.queued_at) == (minute(0), None)


def test_skills_that_nobody_has_are_relaxed_after_a_time_and_the_event_names_them() -> None:
    """A skill that no agent has let the ticket wait for ever; now it waits half an hour, for this wait alone."""
    row = replace(waiting(), team="billing")
    assert (row.required_skills, row.routing_rules) == (("refunds",), ROUTING.sum)
    event, relaxed = reach(row)
    assert event == SkillsRelaxed(ticket_id=TICKET, skills=("refunds",))
    assert (relaxed.required_skills, relaxed.skills_relaxed) == ((), True)
    again = after(relaxed, (from_customer(), 31))
    assert again.required_skills == ()
    held = after(again, (assigned(again, "ana"), 32), (from_agent(), 33))
    assert (held.required_skills, held.skills_relaxed) == (("refunds",), False)


def test_a_reopened_ticket_waits_for_its_agent_and_then_for_anyone() -> None:
    """The patience is ten minutes from the reopening on."""
    row = waiting()
    row = after(row, (assigned(row, "ana"), 1), (TicketResolved(ticket_id=TICKET), 2))
    row = after(row, (TicketReopened(ticket_id=TICKET), 50))
    assert (row.work, row.sticky_to, due(row)) == (Work.WANTED, "ana", minute(60))
    event, free = reach(row)
    assert event == StickinessEnded(ticket_id=TICKET, agent_id="ana")
    assert (free.sticky_to, free.routing_revision) == (None, row.routing_revision + 1)


def test_who_was_excluded_is_not_waited_for() -> None:
    """The customer asked for another agent, so the reopened ticket is anybody else's at once."""
    row = waiting()
    row = after(row, (assigned(row, "ana"), 1), (AgentExcluded(ticket_id=TICKET, agent_id="ana"), 2))
    assert (row.work, row.excluded_agents, row.assignee) == (Work.WANTED, ("ana",), None)
    row = after(row, (TicketResolved(ticket_id=TICKET), 3), (TicketReopened(ticket_id=TICKET), 50))
    assert row.sticky_to is None
    lifted = after(row, (AgentExcluded(ticket_id=TICKET, agent_id="ana", lifted=True), 51))
    assert lifted.excluded_agents == ()


def test_a_customer_who_asks_for_another_agent_gets_one() -> None:
    """Others come first. The only agent of a team was excluded, so that the ticket waited for ever."""
    row = waiting()
    row = after(row, (assigned(row, "ana"), 1))
    asked = RULES.settle(row, replace(row, wants_other_agent=True), fact(from_customer(), 2))
    assert (asked.assignee, asked.passed_over, asked.excluded_agents) == (None, ("ana",), ())
    assert asked.refused_at is None, "with nobody else there, they go on at once"


def test_the_wish_for_another_agent_outlasts_a_resolution() -> None:
    """Ana, alone in her team, had it again and resolved it; reopened it does not wait for her."""
    row = replace(waiting(), wants_other_agent=True)
    row = after(row, (assigned(row, "ana"), 1), (TicketResolved(ticket_id=TICKET), 2))
    row = after(row, (TicketReopened(ticket_id=TICKET), 50))
    assert (row.passed_over, row.sticky_to) == (("ana",), None)


def test_an_exclusion_takes_back_an_offer_but_not_what_people_gave() -> None:
    """A conflict of interest that people know of and accept is theirs to judge."""
    row = waiting()
    asked = after(row, (offered(row, "ana"), 1), (AgentExcluded(ticket_id=TICKET, agent_id="ana"), 2))
    assert (asked.work, asked.offered_to) == (Work.WANTED, None)
    given = after(row, (TicketUpdated(ticket_id=TICKET, assignee="ana"), 1))
    assert after(given, (AgentExcluded(ticket_id=TICKET, agent_id="ana"), 2)).assignee == "ana"


def test_an_agent_who_does_nothing_loses_the_ticket() -> None:
    """An hour after the assignment nothing was written: the ticket goes on to another first."""
    row = waiting()
    row = after(row, (assigned(row, "ana"), 1))
    assert due(row) == minute(61)
    event, freed = reach(row)
    assert event == AgentFellSilent(ticket_id=TICKET, agent_id="ana")
    assert (freed.work, freed.passed_over, freed.status) == (Work.WANTED, ("ana",), Status.NEW)


def test_an_agent_is_silent_only_while_it_is_their_turn() -> None:
    """Who has answered waits for the customer; the customer's next message starts the time again."""
    row = waiting()
    row = after(row, (assigned(row, "ana"), 1), (from_agent(), 30))
    assert due(row) is None
    assert due(after(row, (from_customer(), 200))) == minute(260)
    waits = after(row, (TicketUpdated(ticket_id=TICKET, status=Status.PENDING_CUSTOMER), 31))
    assert due(waits) is None


def test_only_what_the_agent_does_ends_their_silence() -> None:
    """A late word of the customer's tier, from before the assignment, let a silent agent keep the ticket for ever."""
    row = after(waiting(), (assigned(waiting(), "ana"), 1))
    foreign: list[tuple[TicketEvent, float]] = [
        (TicketUpdated(ticket_id=TICKET, customer_tier=Tier.GOLD, updated_by="crm-sync"), -3),
        (TicketUpdated(ticket_id=TICKET, customer_tier=Tier.SILVER, updated_by="crm-sync"), 3),
        (TicketUpdated(ticket_id=TICKET, intent="x", updated_by="ana"), 0),
        (TicketUpdated(ticket_id=TICKET, status=Status.ASSIGNED, updated_by="crm-sync"), 4),
        (from_agent(public=False), 0.5),
    ]
    assert due(after(row, *foreign)) == minute(61)
    own = TicketUpdated(ticket_id=TICKET, intent="x", updated_by="ana")
    assert due(after(row, (own, 5))) is None
    assert due(after(row, (TicketUpdated(ticket_id=TICKET, status=Status.IN_PROGRESS), 5))) is None


def test_what_people_gave_stays_with_a_silent_or_absent_agent() -> None:
    """Only people take away what people gave."""
    row = waiting()
    row = after(row, (TicketUpdated(ticket_id=TICKET, assignee="ana"), 1))
    assert due(row) is None


def test_a_return_answers_the_revision_by_which_routing_gave_the_ticket() -> None:
    """The agent may have it again when they are back; a second word of the same return finds nothing to return."""
    row = waiting()
    row = after(row, (assigned(row, "ana"), 1))
    back = after(row, (returned(row, "ana"), 5))
    assert (back.work, back.passed_over, back.assignee) == (Work.WANTED, (), None)
    assert back.routing_revision == row.routing_revision + 1


def test_without_rules_no_row_says_anything_of_them() -> None:
    """A desk without a file of rules has the rows that it had."""
    row = CaseRules().fold(None, fact(opened(), 0, SCORED))
    assert (row.required_skills, row.routing_rules, row.sticky_to) == ((), None, None)
