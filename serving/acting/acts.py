"""What a person can do to a ticket on a page, and the events that say so; pure."""

import difflib
from collections.abc import Collection
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec.structs import replace

from schemas.vocabulary import AutomaticDecision
from serving.foundation.errors import ActRefused

Kind = Literal["correct", "transfer", "assign", "resolve", "override"]

_NEAREST: Final = 3
EventId = Annotated[str, msgspec.Meta(pattern=r"^page-[0-9a-f]{32}\Z")]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A life is an offset of Kafka, so it has the bounds of one."""


class Act(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act as a page sends it.

    `by` is the name under which it was written, `life` and `revision` the row that the person saw. `over` names the
    events of others that the person has read of and means to overrule. An act that comes again with its `id`
    counts once.
    """

    id: EventId
    ticket_id: str
    act: Kind
    by: str
    life: Number
    revision: Number
    value: str | None = None
    team: str | None = None  # whereto a corrected ticket moves
    move: bool = False  # a corrected ticket moves to the team whose the intent is
    decision: AutomaticDecision | None = None
    was: str | None = None
    reason: str = ""
    over: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an act, as a CloudEvent names it; two acts of one id would have the same ids."""

    id: str
    type: str
    data: dict[str, Any]


_ABOUT: Final[dict[str, str]] = {
    "correct": AutomaticDecision.INTENT,
    "transfer": AutomaticDecision.TEAM,
    "assign": AutomaticDecision.ASSIGNEE,
    "resolve": "status",
}


def subjects_of(act: Act) -> frozenset[str]:
    """Return what an act decides: two acts about the same thing may contradict each other.

    A correction that moves the ticket decides its team too; `with_team` comes first.
    """
    said = {_subject_of(act)}
    return (
        frozenset(said | {AutomaticDecision.TEAM}) if act.act == "correct" and act.team else frozenset(said)
    )


def with_team(act: Act, owner: str | None, current: str | None) -> Act:
    """Return a correction that is to `move` with the team whereto: `owner`, unless the ticket is there already."""
    if act.act != "correct" or not act.move or act.team or not owner or owner == current:
        return act
    return replace(act, team=owner)


def events_of(act: Act, name: str, intents: Collection[str]) -> list[Event]:
    """Return the events that say what `name` did; `intents` are those that there are. Raises ActRefused."""
    value, reason = (act.value or "").strip(), act.reason.strip() or None
    if _subject_of(act) == AutomaticDecision.INTENT:
        _require_intent(value, intents)
    match act.act:
        case "correct":
            moved = [_event(act, "TicketTransferred", _moved(act.team, name, reason))] if act.team else []
            label = {"intent": value, "corrected_by": name, "reason": reason}
            return [_event(act, "LabelCorrected", label), *moved]
        case "transfer":
            return [_event(act, "TicketTransferred", _moved(_named(value, "team"), name, reason))]
        case "assign":
            assigned = {"assignee": _named(value, "agent"), "updated_by": name, "reason": reason}
            return [_event(act, "TicketUpdated", assigned)]
        case "resolve":
            return [_event(act, "TicketResolved", {"resolved_by": name, "resolution": reason})]
        case "override":
            return [_event(act, "DecisionOverridden", _override(act, name, value))]


def _subject_of(act: Act) -> str:
    return str(act.decision) if act.act == "override" and act.decision else _ABOUT.get(act.act, act.act)


def _event(act: Act, kind: str, said: dict[str, Any]) -> Event:
    told = {field: value for field, value in said.items() if value is not None}
    return Event(id=f"{act.id}-{kind}", type=kind, data={"ticket_id": act.ticket_id, **told})


def _moved(team: str | None, name: str, reason: str | None) -> dict[str, Any]:
    return {"team": team, "transferred_by": name, "reason": reason}


def _named(value: str, what: str) -> str:
    if not value:
        raise ActRefused(f"name the {what} that is to have the ticket")
    return value


def _override(act: Act, name: str, value: str) -> dict[str, Any]:
    if act.decision is None:
        raise ActRefused("say which decision to override")
    if not act.reason.strip():
        raise ActRefused("say why: an override without a reason teaches nobody")
    said = {"decision": act.decision, "now": value or None, "was": act.was or None}
    return {**said, "by": name, "reason": act.reason.strip()}


def _require_intent(value: str, intents: Collection[str]) -> None:
    if value in intents:
        return
    near = difflib.get_close_matches(value, intents, n=_NEAREST, cutoff=0.4)
    hint = f"; do you mean {', '.join(near)}?" if near else ", and none is like it"
    raise ActRefused(f"there is no intent {value[:80]!r}{hint}")
