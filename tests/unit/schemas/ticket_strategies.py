"""Random lives of one ticket for property tests: any event at any time, in any order."""

from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from schemas.records.events import (
    DecisionOverridden,
    EscalationRequested,
    LabelCorrected,
    MergeUndone,
    MessageAdded,
    SurveyAnswered,
    TicketClosed,
    TicketDeescalated,
    TicketEvent,
    TicketImported,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketSplit,
    TicketTransferred,
    TicketUnlinked,
    TicketUpdated,
)
from schemas.records.thread_rule import ThreadRule
from schemas.triage import UNSURE, Triage
from schemas.vocabulary import (
    Author,
    AutomaticDecision,
    Category,
    Channel,
    Priority,
    Relation,
    Status,
    Tier,
)
from tests.unit.schemas.ticket_facts import SCORED, TICKET, UNSCORED

AGENTS = ("A-1", "A-2", "A-3")
TEAMS = ("payments", "legal", "triage")

_maybe_agent = st.sampled_from((None, *AGENTS))
_team = st.sampled_from(TEAMS)
_status = st.sampled_from(list(Status))
_ticket = st.just(TICKET)


def _or_unset(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.just(UNSET), values)


_openings = {
    "ticket_id": _ticket,
    "customer_id": st.sampled_from(("C-1", "C-2")),
    "channel": st.sampled_from(list(Channel)),
    "subject": st.sampled_from(("", "Help")),
    "priority": st.one_of(st.none(), st.sampled_from(list(Priority))),
    "category": st.one_of(st.none(), st.sampled_from(list(Category))),
    "team": st.one_of(st.none(), _team),
    "assignee": _maybe_agent,
}

_links = {
    "ticket_id": _ticket,
    "to_ticket_id": st.sampled_from(("T-2", "T-3")),
    "relation": st.sampled_from((Relation.DUPLICATE, Relation.RELATED)),
}

bodies: st.SearchStrategy[TicketEvent] = st.one_of(
    st.builds(TicketOpened, **_openings),
    st.builds(TicketImported, **_openings, status=_status, reassignments=st.integers(0, 3)),
    st.builds(
        MessageAdded,
        ticket_id=_ticket,
        author=st.sampled_from(list(Author)),
        author_id=st.just("P-1"),
        public=st.booleans(),
    ),
    st.builds(
        TicketUpdated,
        ticket_id=_ticket,
        status=_or_unset(_status),
        priority=_or_unset(st.sampled_from(list(Priority))),
        intent=_or_unset(st.just("x")),
        category=_or_unset(st.sampled_from(list(Category))),
        team=_or_unset(_team),
        assignee=_or_unset(_maybe_agent),
        customer_tier=_or_unset(st.sampled_from(list(Tier))),
        reassignments=_or_unset(st.integers(0, 3)),
    ),
    st.builds(TicketTransferred, ticket_id=_ticket, team=_team, assignee=_maybe_agent),
    st.builds(TicketMerged, ticket_id=_ticket, into_ticket_id=st.just("T-2")),
    st.builds(MergeUndone, ticket_id=_ticket),
    st.builds(TicketSplit, **_openings, from_ticket_id=st.just("T-2")),
    st.builds(TicketLinked, **_links),
    st.builds(TicketUnlinked, **_links),
    st.builds(TicketResolved, ticket_id=_ticket),
    st.builds(TicketReopened, ticket_id=_ticket),
    st.builds(TicketClosed, ticket_id=_ticket),
    st.builds(EscalationRequested, ticket_id=_ticket, requested_by=st.just("P-1")),
    st.builds(TicketDeescalated, ticket_id=_ticket, deescalated_by=st.just("P-2")),
    st.builds(SurveyAnswered, ticket_id=_ticket, score=st.integers(1, 5)),
    st.builds(LabelCorrected, ticket_id=_ticket, intent=st.sampled_from(("x", "y"))),
    st.sampled_from(
        [
            DecisionOverridden(ticket_id=TICKET, decision=decision, now=now, by="P-1", reason="so it is")
            for decision, now in (
                (AutomaticDecision.INTENT, "y"),
                (AutomaticDecision.CATEGORY, Category.BILLING_DISPUTE),
                (AutomaticDecision.PRIORITY, Priority.URGENT),
                (AutomaticDecision.TEAM, "legal"),
                (AutomaticDecision.ASSIGNEE, "A-2"),
                (AutomaticDecision.ASSIGNEE, None),
                (AutomaticDecision.RECOMMENDATION, None),
                (AutomaticDecision.RECOMMENDATION, "call_back"),
                (AutomaticDecision.SLA_TARGET, "total_resolution 30 min"),
                (AutomaticDecision.MERGE_PROPOSAL, "T-2"),
                (AutomaticDecision.MERGE_PROPOSAL, None),
                (AutomaticDecision.SATISFACTION_RISK, "high"),
            )
        ]
    ),
)
"""Any event from outside about the one ticket."""

_SURER = replace(SCORED, intent="card_lost", team="cards", confidence=0.99)
_UNSURE = replace(SCORED, intent="x", team="triage", confidence=0.2, reasons=(UNSURE,))
triages: st.SearchStrategy[Triage | None] = st.sampled_from((None, SCORED, _SURER, _UNSURE, UNSCORED))
rules = st.builds(
    ThreadRule,
    policy=st.sampled_from(("first_message", "confident_change", "latest_message")),
    messages=st.integers(1, 3),
)
minutes = st.integers(0, 60)
"""Event times, so few that many are equal and many go backwards."""
