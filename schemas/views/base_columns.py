"""The columns of the base views: name, SQL type and meaning."""

from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin

import msgspec


class BaseColumn(msgspec.Struct, frozen=True):
    """One column of a view; `type` is SQL's name of it, `doc` one line for whoever queries it.

    `absent` is the SQL literal that stands for it where the files of an older run lack the column; if it is empty,
    every run must have the column.
    """

    name: str
    type: str
    doc: str
    absent: str = ""


_SQL_TYPES: Final[dict[Any, str]] = {
    str: "VARCHAR",
    int: "BIGINT",
    float: "DOUBLE",
    bool: "BOOLEAN",
    datetime: "TIMESTAMPTZ",
    tuple[str, ...]: "VARCHAR[]",
}


def sql_type(hint: Any) -> str:
    """Return the SQL type of a field of a Struct, by its type hint; None beside it makes no difference.

    Raises TypeError for a hint that no view has had so far: add it to the mapping here.
    """
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "VARCHAR"
    found = _SQL_TYPES.get(hint)
    if found is None:
        raise TypeError(f"no SQL type is known for {hint!r}: add it to schemas.views.base_columns")
    return found


POSITION: Final = (
    BaseColumn("logged_at", "TIMESTAMPTZ", "when the broker logged the record that this row is from"),
    BaseColumn("log_partition", "BIGINT", "that record's partition"),
    BaseColumn("log_offset", "BIGINT", "that record's offset"),
)
"""Where the record of a row is: the last columns of most base views."""

TICKET_EVENTS: Final = (
    BaseColumn("ticket_id", "VARCHAR", "the ticket"),
    BaseColumn("life", "BIGINT", "number of the ticket's life"),
    BaseColumn("revision", "BIGINT", "number of the event within it"),
    BaseColumn("event_id", "VARCHAR", "the event"),
    BaseColumn(
        "event_type", "VARCHAR", "what happened: TicketOpened, MessageAdded, TicketAssigned and so on"
    ),
    BaseColumn("event_source", "VARCHAR", "who published it"),
    BaseColumn("event_time", "TIMESTAMPTZ", "when it happened"),
    BaseColumn("status", "VARCHAR", "the ticket's status after it"),
    BaseColumn("priority", "VARCHAR", "the ticket's priority after it"),
    BaseColumn("intent", "VARCHAR", "the ticket's intent after it"),
    BaseColumn("team", "VARCHAR", "the ticket's team after it"),
    BaseColumn("assignee", "VARCHAR", "the ticket's agent after it"),
    BaseColumn(
        "work", "VARCHAR", "wanted, offered, held or none after it: whether it needed an agent", "NULL"
    ),
    BaseColumn("author", "VARCHAR", "customer or agent, of a message"),
    BaseColumn(
        "author_id", "VARCHAR", "who that is; of what is no message, who did it, where the event says so"
    ),
    BaseColumn("public", "BOOLEAN", "whether the customer can read a message"),
    BaseColumn("subject", "VARCHAR", "the subject line, of an opening"),
    BaseColumn(
        "text",
        "VARCHAR",
        "what was written with the event: message, comment, resolution or reason",
    ),
    BaseColumn(
        "overrides",
        "VARCHAR",
        "JSON list of automatic decisions that a person's word replaced or confirmed: the view overrides unfolds it",
        "NULL",
    ),
    BaseColumn("sentiment", "DOUBLE", "sentiment of a message that triage read, -1 (worst) to 1", "NULL"),
    BaseColumn("entities", "VARCHAR[]", "what that message names, as `kind: value`", "NULL"),
    BaseColumn("rule", "VARCHAR", "the rule that escalated the ticket, or took that back", "NULL"),
    BaseColumn("cause", "VARCHAR", "the condition by which it escalated the ticket", "NULL"),
    BaseColumn("level", "BIGINT", "the level that it lifted the ticket to", "NULL"),
    BaseColumn("owner", "VARCHAR", "the team or person who was told of that", "NULL"),
    *POSITION,
)

AGENT_EVENTS: Final = (
    BaseColumn("event_id", "VARCHAR", "the event"),
    BaseColumn("event_type", "VARCHAR", "AgentUpdated or AgentPerformanceMeasured"),
    BaseColumn("event_source", "VARCHAR", "who published it"),
    BaseColumn("event_time", "TIMESTAMPTZ", "when it happened"),
    BaseColumn("agent_id", "VARCHAR", "the agent"),
    BaseColumn("home_team", "VARCHAR", "the agent's team"),
    BaseColumn("status", "VARCHAR", "available, away or offline"),
    BaseColumn("capacity", "BIGINT", "how many tickets the agent can hold at once"),
    BaseColumn("skills", "VARCHAR", "JSON object of intent or category to 0..1"),
    BaseColumn("specialisations", "VARCHAR[]", "intents or categories that are the agent's own"),
    BaseColumn("languages", "VARCHAR[]", "languages that the agent answers in"),
    BaseColumn("supervises", "BOOLEAN", "whether the agent takes no tickets", "NULL"),
    BaseColumn("senior", "BOOLEAN", "whether the agent takes any category of the team", "NULL"),
    BaseColumn("performance", "DOUBLE", "measured performance, 0..1"),
    BaseColumn("run_id", "VARCHAR", "the batch run that measured it"),
    BaseColumn("tickets", "BIGINT", "how many resolved tickets it was measured on"),
    *POSITION,
)

DEPARTURES: Final = (
    BaseColumn("event_id", "VARCHAR", "the event"),
    BaseColumn("event_source", "VARCHAR", "who published it"),
    BaseColumn("told_at", "TIMESTAMPTZ", "when it was told: the event's own time"),
    BaseColumn("customer_id", "VARCHAR", "the customer"),
    BaseColumn("left_at", "TIMESTAMPTZ", "when they left: as the event says, at the latest when it was told"),
    BaseColumn("reason", "VARCHAR", "why"),
    BaseColumn("told_by", "VARCHAR", "who says so"),
    BaseColumn("retracted", "BOOLEAN", "whether it takes back what was told of this customer before"),
    *POSITION,
)

DEAD_LETTERS: Final = (
    BaseColumn("stage", "VARCHAR", "the stage that gave the record up"),
    BaseColumn("error", "VARCHAR", "name of the error"),
    BaseColumn("message", "VARCHAR", "what was wrong with the record"),
    BaseColumn("topic", "VARCHAR", "the topic that the record was in"),
    BaseColumn("topic_id", "VARCHAR", "id of that topic"),
    BaseColumn("source_partition", "BIGINT", "the record's partition there"),
    BaseColumn("source_offset", "BIGINT", "the record's offset there"),
    BaseColumn("arrived_at", "TIMESTAMPTZ", "when the broker received the record"),
    BaseColumn("event_source", "VARCHAR", "who published the record, where its headers say so", "NULL"),
    BaseColumn("letter_id", "VARCHAR", "names the letter in `ticketyard dead` and on pages", "NULL"),
    BaseColumn("died_at", "TIMESTAMPTZ", "when the broker logged the dead letter"),
    BaseColumn("log_partition", "BIGINT", "the dead letter's partition"),
    BaseColumn("log_offset", "BIGINT", "the dead letter's offset"),
)

LETTER_REPLAYS: Final = (
    BaseColumn("event_id", "VARCHAR", "the note that a letter was sent back"),
    BaseColumn("letter_id", "VARCHAR", "the letter"),
    BaseColumn("stage", "VARCHAR", "the stage that gave its record up"),
    BaseColumn("topic", "VARCHAR", "the topic that the record was in, and is in again"),
    BaseColumn("topic_id", "VARCHAR", "id of that topic when it died"),
    BaseColumn("source_partition", "BIGINT", "the record's partition there, then and now"),
    BaseColumn("source_offset", "BIGINT", "the offset at which it died"),
    BaseColumn("replayed_to_offset", "BIGINT", "the offset at which it is now"),
    BaseColumn("repaired", "BOOLEAN", "whether anything was changed before"),
    BaseColumn("replayed_by", "VARCHAR", "who sent it back, where that was said"),
    BaseColumn("reason", "VARCHAR", "and why"),
    BaseColumn("replayed_at", "TIMESTAMPTZ", "when it was sent back"),
    *POSITION,
)

MODELS: Final = (
    BaseColumn("version", "VARCHAR", "the model's version"),
    BaseColumn("event_id", "VARCHAR", "the event that published it"),
    BaseColumn("published_at", "TIMESTAMPTZ", "when it was published"),
    BaseColumn("uri", "VARCHAR", "where the bundle lies"),
    BaseColumn("sha256", "VARCHAR", "sum of the bundle's manifest"),
    BaseColumn("accuracy", "DOUBLE", "accuracy on the frozen test"),
    BaseColumn("taxonomy_version", "VARCHAR", "the taxonomy that it learnt"),
    BaseColumn("replaced_version", "VARCHAR", "the version that it replaced"),
    *POSITION,
)

ALERTS: Final = (
    BaseColumn("alert_id", "VARCHAR", "the alert; its event has this id in the log, too"),
    BaseColumn("alert_type", "VARCHAR", "what happened: SlaBreached, TicketEscalated and so on"),
    BaseColumn("alert_source", "VARCHAR", "the stage that raised it"),
    BaseColumn("raised_at", "TIMESTAMPTZ", "when it was due to be raised"),
    BaseColumn("ticket_id", "VARCHAR", "the ticket; empty where it is about no ticket"),
    BaseColumn("team", "VARCHAR", "the team that the ticket was with, or that it is about"),
    BaseColumn("priority", "VARCHAR", "the ticket's priority then"),
    BaseColumn("assignee", "VARCHAR", "the agent who had the ticket then"),
    BaseColumn("customer_id", "VARCHAR", "the ticket's customer"),
    BaseColumn("details", "VARCHAR", "JSON object of all that the alert says, by its type"),
    *POSITION,
)

DELIVERIES: Final = (
    BaseColumn("event_id", "VARCHAR", "the record of the outcome"),
    BaseColumn("outcome", "VARCHAR", "delivered or failed"),
    BaseColumn("ended_at", "TIMESTAMPTZ", "when the address took it, or it was given up"),
    BaseColumn("delivery_id", "VARCHAR", "the webhook-id that the receiver saw, the same at each attempt"),
    BaseColumn("alert_id", "VARCHAR", "the alert"),
    BaseColumn("alert_type", "VARCHAR", "its type"),
    BaseColumn("address", "VARCHAR", "the address's name in the file of webhooks"),
    BaseColumn("attempts", "BIGINT", "how often it was tried"),
    BaseColumn("took_s", "DOUBLE", "seconds from the first attempt to the end"),
    BaseColumn("http_status", "BIGINT", "the last answer's HTTP status, empty where there was none"),
    BaseColumn("reason", "VARCHAR", "why it was given up"),
    *POSITION,
)
