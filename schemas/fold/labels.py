"""What a ticket is about: the model says so, the source where there is no text, and people above both."""

from datetime import datetime

from msgspec import UNSET
from msgspec.structs import replace

from schemas.effects import Effect
from schemas.fold.fact import Fact
from schemas.fold.order import is_older, late
from schemas.records.events import LabelCorrected, TicketOpened, TicketUpdated
from schemas.records.thread_rule import AnswerConfidence, answer_confidence, answer_of, changes
from schemas.records.ticket_row import Said, TicketRow, Work
from schemas.triage import NO_TEXT, Triage, all_intents
from schemas.vocabulary import FINISHED, PRIORITY_RANK, TRIAGE_TEAM, Priority


def label_opening(row: TicketRow, body: TicketOpened, fact: Fact) -> TicketRow:
    """Label a ticket by its opening; the source's word stands where it is explicit or there is no text.

    If messages arrived before the opening, the one that labels the ticket stays if it would have changed the opening's
    label. docs/threads.md says how far the order of arrival matters.
    """
    triage = fact.triage
    if body.priority is not None and row.priority_said_by is not Said.PEOPLE:
        row = _take_priority(row, body.priority)
    if triage is not None and triage.intent is not None:
        if body.team is not None and body.assignee is not None:  # somebody has it already, where they have it
            row = _put_in_team(row, body.team, Said.SOURCE)
        if _would_have_changed(row, triage, fact):
            row = _raise_priority(row, fact, equal_too=True)
        else:
            row = _label_by_model(row, triage, fact)
        return _count(row, fact)
    return _label_by_source(row, body, triage)


def fill_in_label(row: TicketRow, fact: Fact) -> TicketRow:
    """Label a ticket by a second opening, if no text has labelled it so far."""
    if fact.triage is None or fact.triage.intent is None:
        return row
    if row.predicted_intent is None:
        row = _label_by_model(row, fact.triage, fact)
    return _count(row, fact)


def label_message(row: TicketRow, fact: Fact, *, reopened: bool) -> TicketRow:
    """Label a ticket by a customer's message: the first with text does, and a later one if the thread rule says so.

    `reopened` says that this message opened the ticket again. What people or the source said stays. Rows from before
    texts were counted have 0 of them and no `predicted_at`; that does not make a message the first after a reopening.
    """
    triage = fact.triage
    if triage is None or triage.intent is None:
        return row
    if row.predicted_intent is None:
        return _count(_label_by_model(row, triage, fact), fact)
    if row.scored_messages >= fact.thread_rule.most_scored:
        return row  # triage may have scored it or not: the same row either way
    anew = reopened or (row.scored_messages == 0 and row.predicted_at is not None)
    open_to_change = (
        row.label_said_by is Said.MODEL
        and row.status not in FINISHED
        and not is_older(fact.time, row.predicted_at)
    )
    if open_to_change and changes(fact.thread_rule, _standing(row), answer_of(triage), anew=anew):
        row = _change_by_model(row, triage, fact)
    return _count(row, fact)


def apply_updated_labels(row: TicketRow, body: TicketUpdated, time: datetime) -> TicketRow:
    """Set what an update says about priority, tier and label, unless a later word about it is known."""
    return _label_by_update(_tier_by_update(_priority_by_update(row, body, time), body, time), body, time)


def apply_corrected(row: TicketRow, body: LabelCorrected, time: datetime) -> TicketRow:
    """Set the label that a person corrected; what the model predicted stays to learn from."""
    if is_older(time, row.label_at):
        return late(row)
    return replace(
        row,
        intent=body.intent,
        category=row.category if body.category is None else body.category,
        label_said_by=Said.PEOPLE,
        label_at=time,
        corrected=True,
    )


def _priority_by_update(row: TicketRow, body: TicketUpdated, time: datetime) -> TicketRow:
    if body.priority is UNSET:
        return row
    if is_older(time, row.priority_at):
        return late(row)
    return replace(
        row, priority=body.priority, priority_said_by=Said.PEOPLE, priority_at=time, priority_reasons=()
    )


def _tier_by_update(row: TicketRow, body: TicketUpdated, time: datetime) -> TicketRow:
    if body.customer_tier is UNSET:
        return row
    if is_older(time, row.tier_at):
        return late(row)
    return replace(row, customer_tier=body.customer_tier, tier_at=time, tier_noted=False)


def _label_by_update(row: TicketRow, body: TicketUpdated, time: datetime) -> TicketRow:
    if body.intent is UNSET and body.category is UNSET:
        return row
    if is_older(time, row.label_at):
        return late(row)
    return replace(
        row,
        intent=row.intent if body.intent is UNSET else body.intent,
        category=row.category if body.category is UNSET else body.category,
        label_said_by=Said.PEOPLE,
        label_at=time,
    )


def _count(row: TicketRow, fact: Fact) -> TicketRow:
    """Count a text that the model answered; above the rule's limit nothing is counted, as it may go unscored."""
    counted = row.scored_messages < fact.thread_rule.most_scored
    return replace(row, scored_messages=row.scored_messages + counted)


def _standing(row: TicketRow) -> AnswerConfidence:
    return answer_confidence(row.predicted_intent, row.confidence, row.triage_reasons)


def _would_have_changed(row: TicketRow, opening: Triage, fact: Fact) -> bool:
    """Tell whether the message that labels the row would have done so had the opening `fact` come before it."""
    if row.predicted_intent is None or fact.thread_rule.most_scored == 1:
        return False
    older = row.predicted_at is not None and is_older(row.predicted_at, fact.time)
    return not older and changes(fact.thread_rule, answer_of(opening), _standing(row))


def _change_by_model(row: TicketRow, triage: Triage, fact: Fact) -> TicketRow:
    """Take over what a later message says. Triage knew no tier for its priority, so that only raises the ticket's."""
    changed = replace(
        _label_by_model(row, triage, fact),
        priority=row.priority,
        priority_said_by=row.priority_said_by,
        priority_reasons=row.priority_reasons,
        prediction_changes=row.prediction_changes + (triage.intent != row.predicted_intent),
    )
    return _raise_priority(changed, fact)


def _take_priority(row: TicketRow, priority: Priority) -> TicketRow:
    """Set the source's priority; the model's reasons for another one go."""
    return replace(row, priority=priority, priority_said_by=Said.SOURCE, priority_reasons=())


def _raise_priority(row: TicketRow, fact: Fact, *, equal_too: bool = False) -> TicketRow:
    """Set the model's priority if it is higher; `equal_too`: its reasons also stand for the one that is there."""
    triage = fact.triage
    if triage is None or triage.priority is None or row.priority_said_by not in {None, Said.MODEL}:
        return row
    if Effect.PRIORITY in fact.withheld:
        return row
    higher = PRIORITY_RANK[triage.priority] - PRIORITY_RANK[row.priority]
    if row.priority_said_by is not None and (higher < 0 or (higher == 0 and not equal_too)):
        return row
    return replace(
        row,
        priority=triage.priority,
        priority_said_by=Said.MODEL,
        priority_reasons=triage.priority_reasons,
    )


def _label_by_model(row: TicketRow, triage: Triage, fact: Fact) -> TicketRow:
    row = replace(
        _with_signals(row, triage),
        predicted_intent=triage.intent,
        predicted_category=triage.category,
        predicted_intents=all_intents(triage),
        predicted_event_id=fact.id,
        predicted_at=fact.time,
        confidence=triage.confidence,
        decided_by=triage.decided_by,
        model_version=triage.model_version,
        triage_reasons=triage.reasons,
        band=triage.band,
        out_of_scope=triage.out_of_scope,
        language=row.language or triage.language,
    )
    if row.label_said_by is not Said.PEOPLE:
        row = replace(row, intent=triage.intent, category=triage.category, label_said_by=Said.MODEL)
    if triage.priority is not None and row.priority_said_by in {None, Said.MODEL}:
        row = replace(
            row,
            priority=triage.priority,
            priority_said_by=Said.MODEL,
            priority_reasons=triage.priority_reasons,
        )
    return _put_in_team(row, triage.team, Said.MODEL)


def _with_signals(row: TicketRow, triage: Triage) -> TicketRow:
    """Set what the message that labels the ticket says besides its intent."""
    if triage.signals is None or triage.sentiment is None:
        return row
    return replace(
        row,
        sentiment=triage.sentiment.value,
        frustrated=triage.sentiment.frustrated,
        urgency=triage.signals.urgency,
        complexity=triage.signals.complexity,
        quality_marks=triage.signals.quality,
    )


def _label_by_source(row: TicketRow, body: TicketOpened, triage: Triage | None) -> TicketRow:
    """Nothing was scored: what triage still says follows from the source's own words, or from a machine's mail."""
    intent, category, priority, team = body.intent, body.category, None, body.team
    if triage is not None:
        category, priority, team = category or triage.category, triage.priority, team or triage.team
    if triage is not None and row.predicted_intent is None:
        row = _with_signals(row, triage)
    if row.label_said_by is None:
        said_by = None if intent is None and category is None else Said.SOURCE
        reasons = (NO_TEXT,) if triage is None else triage.reasons
        row = replace(
            row,
            intent=intent,
            category=category,
            label_said_by=said_by,
            decided_by="source",
            triage_reasons=reasons or (NO_TEXT,),
        )
    if priority is not None and row.priority_said_by in {None, Said.MODEL}:
        row = _take_priority(row, priority)
    if body.team is None and row.predicted_intent is not None:
        return row  # a message with words came first: its team is better known than that of no words
    return _put_in_team(row, team or TRIAGE_TEAM, Said.SOURCE if body.team else Said.MODEL)


def _put_in_team(row: TicketRow, team: str, said_by: Said) -> TicketRow:
    """Choose the first team; where people, the source or a desk's rule named one, or an agent has it, it stays."""
    if row.team_said_by in {Said.PEOPLE, Said.SOURCE, Said.ROUTING} or row.work is Work.HELD:
        return row
    return replace(row, team=team, team_said_by=said_by)
