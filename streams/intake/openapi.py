"""The OpenAPI 3.1 document of the door: its schemas are those of the contract's types, its paths those of the table."""

from functools import cache
from typing import Any, Final

import msgspec

from schemas.records.events import EXTERNAL_EVENTS
from streams.dead_letters.desk import (
    LAST_OFFSET,
    LAST_PARTITION,
    LetterFits,
    LetterReplayed,
    LetterShown,
    ReplayAsked,
)
from streams.intake.checking import Refusal
from streams.intake.doors import DOORS, Door
from streams.intake.memory import Receipt
from streams.intake.reading import BATCH, JSON, STRUCTURED

_REFS: Final = "#/components/schemas/{name}"
_ERRORS: Final = {
    "400": "The event does not fit the contract; the message names type and field. Nothing was sent.",
    "401": "The key is missing or wrong.",
    "408": "The body did not arrive in time.",
    "409": "An event of this source and id was sent before and said something else.",
    "413": "The body or the event is too large.",
    "415": "The body is not JSON in UTF-8.",
    "429": "As much waits for Kafka as the door takes; send it again after `retry-after` seconds.",
    "503": "Kafka did not acknowledge it in time; send it again with the same id: it counts once.",
}


class Accepted(Receipt, frozen=True, kw_only=True):
    """An event that the broker has acknowledged."""

    ok: bool = True


class AcceptedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that the broker has acknowledged, in the order given."""

    events: list[Receipt]
    ok: bool = True


class ErrorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong, where, and what to do; `events` is there for a batch."""

    type: str
    message: str
    status: int
    events: list[Refusal] = []


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The one shape of every error."""

    error: ErrorDetail
    ok: bool = False


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """CloudEvents 1.0, JSON format; `data` is the body of its `type`. Other attributes go on as headers."""

    id: str
    type: str
    data: dict[str, Any]
    source: str = ""
    time: str = ""
    subject: str = ""
    specversion: str = "1.0"
    datacontenttype: str = JSON


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "Ticketyard intake",
            "version": "1",
            "description": "Events for those who do not speak Kafka; each answer is of acknowledged events.",
        },
        "paths": {
            "/v1/events": {"post": _cloud_events()},
            **{door.path: {"post": _simple(door)} for door in DOORS},
            **_letters(),
        },
        "components": {
            "schemas": _components(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}, {}],
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(whole))  # without tuples
    return plain


def _types() -> list[Any]:
    letters = (LetterShown, LetterFits, ReplayAsked, LetterReplayed)
    return [*EXTERNAL_EVENTS.values(), CloudEvent, Accepted, AcceptedBatch, *letters, ErrorAnswer]


@cache
def _components() -> dict[str, Any]:
    _, found = msgspec.json.schema_components(_types(), ref_template=_REFS)
    return found


def _cloud_events() -> dict[str, Any]:
    one = {"schema": _ref("CloudEvent")}
    body = {
        STRUCTURED: one,
        BATCH: {"schema": {"type": "array", "items": _ref("CloudEvent")}},
        JSON: {"schema": {"anyOf": [_ref(name) for name in EXTERNAL_EVENTS]}},
    }
    return {
        "operationId": "cloudEvents",
        "summary": "CloudEvents 1.0: structured, in batches, or binary with headers ce-id, ce-type, ce-source, ce-time",
        "parameters": _headers(),
        "requestBody": {"required": True, "content": body},
        "responses": _responses({"anyOf": [_ref("Accepted"), _ref("AcceptedBatch")]}),
    }


def _simple(door: Door) -> dict[str, Any]:
    says = _components()[door.event].get("description", "").partition("\n")[0]
    return {
        "operationId": f"post{door.event}",
        "summary": f"{door.event}: {says}",
        "parameters": [*_path(door), *_headers()],
        "requestBody": {"required": True, "content": {JSON: {"schema": _body(door)}}},
        "responses": _responses(_ref("Accepted")),
    }


def _letters() -> dict[str, Any]:
    """Return the paths of dead letters."""
    path = "/v1/dead-letters/{letter_id}"
    place = [
        {"name": "letter_id", "in": "path", "required": True, "schema": {"type": "string"}},
        *(
            {
                "name": name,
                "in": "query",
                "required": True,
                "schema": {"type": "integer", "minimum": 0, "maximum": most},
            }
            for name, most in (("partition", LAST_PARTITION), ("offset", LAST_OFFSET))
        ),
    ]
    asked = {"required": True, "content": {JSON: {"schema": _ref("ReplayAsked")}}}
    told = {
        "": ("get", "showLetter", "One dead letter, with the head of its record", "200", "LetterShown"),
        "/check": ("post", "checkLetter", "Whether it fits the contract, repaired so", "200", "LetterFits"),
        "/replay": (
            *("post", "replayLetter", "Send it back to where its record came from, repaired where told"),
            *("202", "LetterReplayed"),
        ),
    }
    return {
        path + end: {
            method: {
                "operationId": name,
                "summary": summary,
                "parameters": [*place, *(_headers()[:1] if end == "/replay" else ())],
                **({"requestBody": asked} if method == "post" else {}),
                "responses": _letter_responses(method, status, answer),
            }
        }
        for end, (method, name, summary, status, answer) in told.items()
    }


def _letter_responses(method: str, status: str, answer: str) -> dict[str, Any]:
    wrong = {JSON: {"schema": _ref("ErrorAnswer")}}
    said = {
        "400": "What is asked for does not fit the contract, or the letter cannot go back; nothing was sent.",
        **{
            code: _ERRORS[code]
            for code in ("401", "429", *(("408", "413", "415") if method == "post" else ()))
        },
        "404": "There is no such letter at that place of tickets.dead.",
        "409": "A later record has replaced what the letter says, so it stays dead.",
        "503": "Kafka did not answer in time; ask again, with the same idempotency-key.",
    }
    return {
        status: {"description": "It is so.", "content": {JSON: {"schema": _ref(answer)}}},
        **{code: {"description": doc, "content": wrong} for code, doc in said.items()},
    }


def _body(door: Door) -> dict[str, Any]:
    """Return the schema of a door's body; what the path names need not stand in it again."""
    if door.id_field is None:
        return _ref(door.event)
    schema = _components()[door.event]
    return {**schema, "required": [name for name in schema["required"] if name != door.id_field]}


def _path(door: Door) -> list[dict[str, Any]]:
    if door.id_field is None:
        return []
    return [{"name": door.id_field, "in": "path", "required": True, "schema": {"type": "string"}}]


def _headers() -> list[dict[str, Any]]:
    told = {
        "idempotency-key": "The event's id, where it has none; the same id with the same content counts once.",
        "ce-id": "The event's id.",
        "ce-source": "Who publishes it; default TICKETYARD_INTAKE_SOURCE.",
        "ce-time": "When it happened, with an offset from UTC; default now.",
    }
    return [
        {"name": name, "in": "header", "description": doc, "schema": {"type": "string"}}
        for name, doc in told.items()
    ]


def _responses(good: dict[str, Any]) -> dict[str, Any]:
    accepted = {"description": "Kafka has acknowledged it.", "content": {JSON: {"schema": good}}}
    wrong = {JSON: {"schema": _ref("ErrorAnswer")}}
    return {
        "202": accepted,
        **{status: {"description": doc, "content": wrong} for status, doc in _ERRORS.items()},
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": _REFS.format(name=name)}
