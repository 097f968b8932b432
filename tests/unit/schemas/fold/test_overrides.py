"""A person's word in the place of an automatic decision."""

import pytest
from msgspec.structs import replace

from schemas.fold import Fact, fold
from schemas.predictions import Basis, CsatRisk
from schemas.records.derived.customer_events import CustomerNoted, MergeProposal
from schemas.records.events import (
    DecisionOverridden,
    EscalationRequested,
    LabelCorrected,
    TicketDeescalated,
    TicketEvent,
    TicketTransferred,
    TicketUpdated,
)
from schemas.records.override_events import require_meaning
from schemas.records.sla_clock import SlaClock, SlaMetric, read_target
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.views.override_rows import overrides_of
from schemas.vocabulary import AutomaticDecision, Category, Priority
from tests.unit.schemas.ticket_facts import TICKET, assigned, fact, fold_all, minute, open_ticket


def overridden(decision: AutomaticDecision, now: str | None, at: float = 1.0) -> Fact:
    """Return an override at a minute."""
    body = DecisionOverridden(ticket_id=TICKET, decision=decision, now=now, by="ann", reason="I know them")
    return fact(body, at)


@pytest.mark.parametrize(
    ("decision", "now", "same"),
    [
        (AutomaticDecision.INTENT, "card_lost", LabelCorrected(ticket_id=TICKET, intent="card_lost")),
        (
            AutomaticDecision.CATEGORY,
            "billing_dispute",
            TicketUpdated(ticket_id=TICKET, category=Category.BILLING_DISPUTE),
        ),
        (AutomaticDecision.PRIORITY, "low", TicketUpdated(ticket_id=TICKET, priority=Priority.LOW)),
        (AutomaticDecision.TEAM, "legal", TicketTransferred(ticket_id=TICKET, team="legal")),
        (AutomaticDecision.ASSIGNEE, "A-2", TicketUpdated(ticket_id=TICKET, assignee="A-2")),
        (AutomaticDecision.ASSIGNEE, None, TicketUpdated(ticket_id=TICKET, assignee=None)),
        (AutomaticDecision.ESCALATION, None, TicketDeescalated(ticket_id=TICKET, deescalated_by="ann")),
        (
            AutomaticDecision.ESCALATION,
            "yes",
            EscalationRequested(ticket_id=TICKET, requested_by="ann", reason="I know them"),
        ),
    ],
)
def test_an_override_is_what_the_event_of_that_field_is(
    decision: AutomaticDecision, now: str | None, same: TicketEvent
) -> None:
    """Whichever way people say it, the row is the same, and the rules of the desk see the same."""
    row = fold_all(open_ticket(), [fact(assigned(open_ticket(), "A-1"), 0.5)])
    seen: list[str] = []

    def noted(_before: TicketRow, after: TicketRow, said: Fact) -> TicketRow:
        seen.append(type(said.body).__name__)
        return after

    assert fold(row, overridden(decision, now), noted) == fold(row, fact(same, 1), noted)
    assert seen == [type(same).__name__] * 2


def test_an_older_word_of_people_does_not_override_a_newer_one() -> None:
    """Event time decides, as between any two words of people."""
    row = fold_all(open_ticket(), [overridden(AutomaticDecision.PRIORITY, "low", 5)])
    late = fold(row, overridden(AutomaticDecision.PRIORITY, "urgent", 3))
    assert (late.priority, late.priority_said_by, late.late_events) == (Priority.LOW, Said.PEOPLE, 1)


def noted(*proposals: str) -> CustomerNoted:
    """Return a note that this ticket may be merged with others."""
    made = tuple(
        MergeProposal(into_ticket_id=other, score=0.6, reasons=("same_subject",)) for other in proposals
    )
    return CustomerNoted(
        ticket_id=TICKET, customer_id="C-1", life=5, rules="r", open_tickets=2, merge_proposals=made
    )


MERGE = AutomaticDecision.MERGE_PROPOSAL


def test_a_person_says_what_a_ticket_is_to_be_merged_with() -> None:
    """No later note of the customers stage changes that; once it is taken back, the last note holds again."""
    row = fold_all(open_ticket(), [fact(noted("T-8"), 1), overridden(MERGE, "T-7", 2)])
    assert (row.merge_proposals, row.overridden) == (("T-7",), ("merge_proposal=T-7",))
    row = fold_all(row, [fact(noted("T-8", "T-9"), 3)])
    assert row.merge_proposals == ("T-7",)
    row = fold_all(row, [overridden(MERGE, "none", 4)])
    assert (row.merge_proposals, row.merge_reasons) == ((), ())
    row = fold_all(row, [overridden(MERGE, None, 5)])
    assert (row.merge_proposals, row.overridden) == (("T-8", "T-9"), ())


def test_an_older_word_does_not_undo_a_newer_one() -> None:
    """Also not where the newer one took a word back: what is heard of late is late."""
    row = fold_all(open_ticket(), [overridden(MERGE, None, 5), overridden(MERGE, "T-7", 3)])
    assert (row.merge_proposals, row.late_events) == ((), 1)


def test_words_about_several_decisions_stand_side_by_side() -> None:
    row = fold_all(
        open_ticket(),
        [
            overridden(AutomaticDecision.RECOMMENDATION, "call_back", 1),
            overridden(MERGE, "T-7", 2),
        ],
    )
    assert row.overridden == ("merge_proposal=T-7", "recommendation=call_back")


MEANINGLESS = pytest.mark.parametrize(
    ("decision", "now"),
    [
        (AutomaticDecision.SLA_TARGET, "4 hours"),
        (AutomaticDecision.SLA_TARGET, "first_reply 0 min"),
        (AutomaticDecision.SLA_TARGET, "first_reply 5 min,"),
        (AutomaticDecision.SLA_TARGET, "first_reply 99999999999 h"),
        (AutomaticDecision.SATISFACTION_RISK, "dire"),
        (MERGE, TICKET),
        (MERGE, ""),
        (AutomaticDecision.RECOMMENDATION, "call_back,,survey"),
    ],
)


@MEANINGLESS
def test_a_word_that_a_decision_cannot_be_is_refused(decision: AutomaticDecision, now: str) -> None:
    with pytest.raises(ValueError, match=r"now|promise"):
        require_meaning(overridden(decision, now).body)


@MEANINGLESS
def test_a_word_of_before_words_were_checked_changes_nothing(decision: AutomaticDecision, now: str) -> None:
    """Logs hold such words: refused when read, they were gaps in views, and training on the archive failed."""
    said = overridden(decision, now, 2)
    row = fold_all(open_ticket(), [fact(noted("T-8"), 1)])
    after = fold(row, said)
    assert replace(after, revision=row.revision, last_event_at=row.last_event_at) == row
    assert [one.now for one in overrides_of(said.body, row)] == [now]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("87600 h", 315_360_000), ("87600.1 h", None), (f"{'9' * 400} s", None), ("0.1 s", None)],
)
def test_nothing_is_promised_beyond_ten_years(text: str, seconds: int | None) -> None:
    """Dates overflow, and so does the number itself."""
    found = read_target(text)
    assert (found and found.seconds) == seconds


@pytest.mark.parametrize(
    ("decision", "now", "was"),
    [
        (MERGE, "none", "T-8"),
        (AutomaticDecision.SATISFACTION_RISK, "high", "low"),
        (AutomaticDecision.RECOMMENDATION, "call_back", "expedite, survey"),
        (
            AutomaticDecision.SLA_TARGET,
            "first_reply 5 min",
            "first_reply 10 min, total_resolution 8 business h",
        ),
    ],
)
def test_the_audit_says_what_held_before(decision: AutomaticDecision, now: str, was: str) -> None:
    """What the machine had said stands in the row, so nobody needs to name it; the second word is about a person's."""
    first, total = (
        SlaClock(metric=metric, started_at=minute(0), since=minute(0))
        for metric in (SlaMetric.FIRST_REPLY, SlaMetric.TOTAL_RESOLUTION)
    )
    row = replace(
        open_ticket(),
        merge_proposals=("T-8",),
        csat_risk=CsatRisk.LOW,
        csat_basis=Basis.MODEL,
        csat_version="p-1",
        recommendations=("expedite: late", "survey: none"),
        sla=(replace(first, target_s=600), replace(total, target_s=8 * 3600, business=True)),
    )
    (told,) = overrides_of(overridden(decision, now).body, row)
    risk = decision is AutomaticDecision.SATISFACTION_RISK
    assert (told.was, told.said_by, told.model_version) == (
        (was, Said.MODEL, "p-1") if risk else (was, "rules", None)
    )
    after = fold(row, overridden(decision, now))
    (again,) = overrides_of(overridden(decision, None).body, after)
    assert again.said_by == Said.PEOPLE


def test_an_override_of_the_team_takes_the_ticket_from_routings_agent() -> None:
    """A person who says that another team must have it wins over routing, which then chooses there."""
    row: TicketRow = fold_all(open_ticket(), [fact(assigned(open_ticket(), "A-1"), 0.5)])
    after = fold(row, overridden(AutomaticDecision.TEAM, "legal"))
    assert (after.team, after.assignee, after.work) == ("legal", None, Work.WANTED)
