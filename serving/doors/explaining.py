"""Doors to explanations: of any text, and of what a customer wrote."""

from typing import Annotated, Any

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import Body, FromPath, QueryParameter

from process.http_names import given_id
from serving.assembly.service import Serving
from serving.foundation.answers import Answer, metadata_fields
from serving.foundation.errors import NotFound
from serving.foundation.json_values import json_rows
from serving.foundation.state import AnswerMetadata
from serving.merge.answers import Snapshot
from serving.queries import read_query
from understanding.explanation.result import Explanation

_LARGEST_QUESTION = 64 * 2**10
"""Bytes; a model reads 4,000 characters."""


class ExplainQuestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text, as a customer would write it; a model reads its first 4,000 characters."""

    text: str


class ExplanationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Why the current model answers as it does; it rests on the model alone, so it carries no boundary."""

    explanation: Explanation
    ok: bool = True


class TicketExplanationAnswer(Answer, frozen=True, kw_only=True):
    """Why the current model answers as it does to one message of a ticket.

    `ticket_intent` and `ticket_model_version` are the ticket's own; where `same_model` is false, another model
    labelled it, or a person or its source did.
    """

    ticket_id: str
    event_id: str
    ticket_intent: str | None
    ticket_model_version: str | None
    same_model: bool
    explanation: Explanation


@post("/explain", status_code=200, request_max_body_size=_LARGEST_QUESTION)
async def explain(
    serving: NamedDependency[Serving], data: Annotated[ExplainQuestion, Body()]
) -> ExplanationAnswer:
    """Why the current model gives a text its intent: shares of its words, and the nearest learnt examples."""
    return ExplanationAnswer(explanation=await serving.explanations.explain(data.text))


@get("/tickets/{ticket_id:str}/explanation")
async def explain_ticket(
    serving: NamedDependency[Serving],
    ticket_id: FromPath[str],
    event: Annotated[
        str | None,
        QueryParameter(
            description="Id of the event whose message to explain; else the one that the ticket's prediction is of, "
            "and without a prediction the first with text."
        ),
    ] = None,
) -> TicketExplanationAnswer:
    """Why the current model gives a ticket's message its intent."""
    wanted = given_id(ticket_id)

    def question(snapshot: Snapshot) -> tuple[dict[str, Any], dict[str, Any], AnswerMetadata]:
        found = json_rows(snapshot.rows(read_query("ticket"), [wanted]).table)
        if not found:
            raise NotFound(f"there is no ticket {wanted!r}")
        messages = json_rows(snapshot.rows(read_query("customer_messages"), [wanted]).table)
        return found[0], chosen_message(messages, found[0], event), snapshot.metadata(serving.clock())

    row, message, metadata = await serving.ask(question)
    explanation = await serving.explanations.explain(message["text"])
    return TicketExplanationAnswer(
        ticket_id=wanted,
        event_id=message["event_id"],
        ticket_intent=row["intent"],
        ticket_model_version=row["model_version"],
        same_model=row["model_version"] == explanation.triage.model_version,
        explanation=explanation,
        **metadata_fields(metadata),
    )


def chosen_message(messages: list[dict[str, Any]], row: dict[str, Any], event: str | None) -> dict[str, Any]:
    """Return the message of an event; else the one that the row's prediction is of, or the first that says anything."""
    said = [message for message in messages if (message["text"] or "").strip()]
    wanted = row["predicted_event_id"] if event is None else event
    found = [message for message in said if message["event_id"] == wanted] or (said if event is None else [])
    if found:
        return found[0]
    which = "with text" if event is None else f"of event {event!r}"
    raise NotFound(
        f"ticket {row['ticket_id']!r} has no message of the customer {which}; there is nothing to explain"
    )


ROUTER = Router("/v1", route_handlers=[explain, explain_ticket])
