"""Events that come from outside: what producers publish about tickets, customers and agents.

Types are past tense. Evolution: new fields have defaults, a field never changes type, unknown fields are ignored.
A field that is UNSET leaves the ticket as it was; None, where allowed, clears it.
"""

from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemas.records.event_base import (  # the types of fields are imported from here, beside the events
    Count,
    Event,
    Header,
    Id,
    Label,
    Moment,
    Number,  # noqa: F401 - as above
    Share,
    Team,
    TicketEvent,
)
from schemas.records.override_events import DecisionOverridden
from schemas.vocabulary import AgentStatus, Author, Category, Channel, Priority, Relation, Status, Tier


class TicketOpened(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A customer asked for something. Without text the source's own category, priority and owner stay.

    `mail_headers` are those of the mail that it came as; docs/producing.md names those that are read.
    """

    customer_id: Id
    channel: Channel
    subject: str = ""
    text: str = ""
    customer_tier: Tier | None = None
    priority: Priority | None = None
    category: Category | None = None
    intent: Label | None = None
    team: Team | None = None
    assignee: Id | None = None
    language: Label | None = None
    product: Label | None = None
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    mail_headers: dict[Header, str] = msgspec.field(default_factory=dict)


class TicketImported(TicketOpened, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket already under way elsewhere: as TicketOpened, with where it stands."""

    status: Status = Status.NEW
    opened_at: Moment | None = None
    reassignments: Count = 0
    reopenings: Count = 0


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file by reference; its bytes never travel in an event."""

    name: str
    uri: str
    media_type: str = "application/octet-stream"
    size_bytes: int | None = None


class MessageAdded(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody wrote on a ticket; `public` is False for a note between agents. `mail_headers` as for an opening."""

    author: Author
    author_id: Id
    text: str = ""
    public: bool = True
    attachments: tuple[Attachment, ...] = ()
    mail_headers: dict[Header, str] = msgspec.field(default_factory=dict)


class TicketUpdated(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """People or another system changed fields of a ticket; only the fields that are set change.

    `updated_by` and `reason` say who and why: the view `overrides` shows both where a field was decided automatically.
    """

    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    category: Category | UnsetType = UNSET
    intent: Label | UnsetType = UNSET
    team: Team | UnsetType = UNSET
    assignee: Id | UnsetType | None = UNSET
    customer_tier: Tier | UnsetType = UNSET
    reassignments: Count | UnsetType = UNSET
    updated_by: str | None = None
    reason: str | None = None


class TicketTransferred(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """People handed a ticket to another team, and perhaps to one of its agents."""

    team: Team
    assignee: Id | None = None
    transferred_by: str | None = None
    reason: str | None = None


class TicketMerged(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket turned out to be the same as another, which goes on in its place."""

    into_ticket_id: Id


class MergeUndone(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A merge was wrong: the ticket goes on by itself, where it stood before. What was sent on stays where it is."""

    undone_by: str | None = None
    reason: str | None = None


class TicketSplit(TicketOpened, frozen=True, kw_only=True, omit_defaults=True):
    """A new ticket was made of messages of another; `text` repeats them, `event_ids` names them there.

    To undo it, merge the new ticket into the other.
    """

    from_ticket_id: Id
    event_ids: Annotated[tuple[Id, ...], Meta(max_length=100)] = ()
    split_by: str | None = None


class TicketLinked(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket has to do with another: it is `relation` (a duplicate, the follow-up, ...) of `to_ticket_id`."""

    to_ticket_id: Id
    relation: Relation
    linked_by: str | None = None


class TicketUnlinked(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A link between two tickets is taken back; it may be said of either of them."""

    to_ticket_id: Id
    relation: Relation
    unlinked_by: str | None = None


class TicketResolved(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """The work on a ticket is done; the customer may still disagree."""

    resolved_by: str | None = None
    resolution: str | None = None


class TicketReopened(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A resolved or closed ticket needs work again."""

    reason: str | None = None


class TicketClosed(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket is finished for good."""

    closed_by: str | None = None


class EscalationRequested(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A person asked that somebody higher up look at a ticket; the rules say who that is (docs/escalation.md)."""

    requested_by: Id
    reason: str = ""


class TicketDeescalated(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket is no longer escalated: a person said so, or `rule`, whose cause is gone, took back its own."""

    deescalated_by: Id | None = None
    rule: Label | None = None
    reason: str = ""


class SurveyAnswered(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A customer said how satisfied they were, from 1 (not at all) to 5 (very)."""

    score: Annotated[int, Meta(ge=1, le=5)]
    comment: str = ""


class LabelCorrected(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """A person said what the ticket is really about: history to learn from."""

    intent: Label
    category: Category | None = None
    corrected_by: str | None = None
    reason: str | None = None


class AgentExcluded(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An agent must not get a ticket: the customer asked for another, or there is a conflict of interest.

    `lifted` takes an earlier exclusion back. Who gives the ticket to that agent by hand overrules it.
    """

    agent_id: Id
    reason: str | None = None
    excluded_by: str | None = None
    lifted: bool = False


class OfferAccepted(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An agent takes the ticket that routing offered to them."""

    agent_id: Id


class OfferDeclined(TicketEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An agent does not take the ticket that routing offered to them."""

    agent_id: Id
    reason: str | None = None


class CustomerUpdated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What another system knows of a customer."""

    customer_id: Id
    tier: Tier | UnsetType = UNSET
    language: str | UnsetType = UNSET
    attributes: dict[str, str] = msgspec.field(default_factory=dict)


class CustomerLeft(Event, frozen=True, kw_only=True, omit_defaults=True):
    """A customer has left, or said that they will: the account was closed, the contract was ended.

    `left_at` is when, where that was before the event's own time, at which it was told. `retracted` takes back what was
    told of this customer before: it was wrong, or they stay after all.
    """

    customer_id: Id
    left_at: Moment | None = None
    reason: Label | None = None
    told_by: Label | None = None
    retracted: bool = False


class AgentUpdated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An agent as they are now: a whole picture, not a change.

    `capacity` is how many tickets at once in all, `channel_capacity` at most how many of them by channel.
    `skills` maps intents, categories or skills of the routing rules to 0..1; `specialisations` names those that are
    the agent's own. Who `supervises` takes no tickets; who is `senior` takes any category of their team.
    """

    agent_id: Id
    home_team: Team
    status: AgentStatus
    capacity: Annotated[int, Meta(ge=0, le=1000)]
    channel_capacity: dict[Channel, Annotated[int, Meta(ge=0, le=1000)]] = msgspec.field(default_factory=dict)
    skills: dict[str, Share] = msgspec.field(default_factory=dict)
    specialisations: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    supervises: bool = False
    senior: bool = False


TICKET_EVENTS: Final[dict[str, type[TicketEvent]]] = {
    event.__name__: event
    for event in (
        TicketOpened,
        TicketImported,
        MessageAdded,
        TicketUpdated,
        TicketTransferred,
        TicketMerged,
        MergeUndone,
        TicketSplit,
        TicketLinked,
        TicketUnlinked,
        TicketResolved,
        TicketReopened,
        TicketClosed,
        EscalationRequested,
        TicketDeescalated,
        SurveyAnswered,
        LabelCorrected,
        AgentExcluded,
        OfferAccepted,
        OfferDeclined,
        DecisionOverridden,
    )
}
"""What tickets.events may carry."""

EXTERNAL_EVENTS: Final[dict[str, type[Event]]] = {
    **TICKET_EVENTS,
    "CustomerUpdated": CustomerUpdated,
    "CustomerLeft": CustomerLeft,
    "AgentUpdated": AgentUpdated,
}
"""Every event that producers may publish."""
