"""Reads what a request brings: CloudEvents in each of HTTP's modes, or the fields of one event; pure.

Source: CloudEvents HTTP protocol binding, version 1.0.2, and CloudEvents JSON event format, version 1.0.2.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from schemas.records.envelope import Headers, InvalidBody, NotAnEvent
from streams.intake.doors import Door
from streams.intake.errors import WrongMediaType

JSON: Final = "application/json"
STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"

_ATTRIBUTE: Final = re.compile(r"[a-z0-9]{1,20}")
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it was given: its attributes by name, and its body as JSON."""

    attributes: Mapping[str, str]
    body: bytes

    def with_defaults(self, defaults: Mapping[str, str]) -> "Given":
        """Return the event with what it does not say itself."""
        return Given(attributes={**defaults, **self.attributes}, body=self.body)

    def headers(self, subject: str | None = None) -> Headers:
        """Return the headers of the Kafka record that says the same, in binary mode."""
        told = {"specversion": "1.0", **self.attributes}
        if subject is not None:
            told["subject"] = subject
        return [
            *((f"ce_{name}", text.encode()) for name, text in told.items()),
            ("content-type", JSON.encode()),
        ]


def media_type(header: str) -> str:
    """Return the kind of a body. Raises WrongMediaType where it is no JSON in UTF-8."""
    kind, _, parameters = header.partition(";")
    charset = re.search(r"charset\s*=\s*\"?([\w-]+)", parameters, re.IGNORECASE)
    found = kind.strip().lower()
    if found not in {JSON, STRUCTURED, BATCH}:
        raise WrongMediaType(
            f"this door reads no {found or 'body without a kind'}; send {JSON}, {STRUCTURED} or {BATCH}"
        )
    if charset is not None and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise WrongMediaType(f"this door reads UTF-8, not {charset[1]}")
    return found


def read_cloud_events(kind: str, headers: Mapping[str, str], body: bytes) -> list[Given]:
    """Return the events of a request to the door of CloudEvents. Raises NotAnEvent or InvalidBody."""
    if kind == STRUCTURED:
        return [_structured(body)]
    if kind == BATCH:
        try:
            return [_structured(bytes(one)) for one in _LIST.decode(body)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotAnEvent(f"not a list of CloudEvents in JSON: {error}") from error
    return [Given(attributes=header_attributes(headers), body=body)]


def read_simple(door: Door, path_id: str | None, kind: str, headers: Mapping[str, str], body: bytes) -> Given:
    """Return the event of a request to a simple door, whose path may name what it is about.

    Raises WrongMediaType, NotAnEvent or InvalidBody.
    """
    if kind != JSON:
        raise WrongMediaType(
            f"{door.path} takes the fields of one event as {JSON}; CloudEvents go to /v1/events"
        )
    attributes = header_attributes(headers)
    if attributes.setdefault("type", door.event) != door.event:
        raise NotAnEvent(
            f"{door.path} takes {door.event}, not {attributes['type']}; or send it to /v1/events"
        )
    return Given(attributes=attributes, body=_with_id(door, path_id, body))


def header_attributes(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes that headers `ce-…` carry; `headers` are by lower-case name. Raises NotAnEvent."""
    found = {
        name.removeprefix("ce-"): unquote(text, errors="replace")
        for name, text in headers.items()
        if name.startswith("ce-")
    }
    for name in found:
        _require_name(name)
    return _of_version_one(found)


def _structured(body: bytes) -> Given:
    """Read one CloudEvent in its JSON format."""
    try:
        said = _OBJECT.decode(body)
        data = said.pop("data", None)
        attributes = {name: _attribute(name, msgspec.json.decode(value)) for name, value in said.items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnEvent(
            f'not a CloudEvent {{"id": …, "type": …, "data": {{…}}}} in JSON: {error}'
        ) from error
    if data is None:
        raise NotAnEvent("a CloudEvent has its body under `data`, as JSON")
    found = _of_version_one({name: text for name, text in attributes.items() if text is not None})
    return Given(attributes=found, body=bytes(data))


def _attribute(name: str, value: Any) -> str | None:
    """Return an attribute as its header has it; None says that it is not set."""
    _require_name(name)
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int):
        raise NotAnEvent(
            f"the attribute {name!r} must be a text, a whole number or a flag, not {value!r:.80}"
        )
    return str(value)


def _require_name(name: str) -> None:
    if name == "data_base64":
        raise NotAnEvent("a body in Base64 is not read; send JSON under `data`")
    if _ATTRIBUTE.fullmatch(name) is None:
        raise NotAnEvent(
            f"{name!r} is no attribute of a CloudEvent (lower-case letters and digits, 20 at most); a field of the "
            "event stands under `data`"
        )


def _of_version_one(attributes: dict[str, str]) -> dict[str, str]:
    """Return attributes without those that only say how they are written. Raises NotAnEvent, WrongMediaType."""
    version, kind = attributes.pop("specversion", "1.0"), attributes.pop("datacontenttype", JSON)
    if version != "1.0":
        raise NotAnEvent(f"specversion {version!r} is not read; send CloudEvents 1.0")
    media_type(kind)
    return attributes


def _with_id(door: Door, path_id: str | None, body: bytes) -> bytes:
    """Return a body that also has the field that the path gives; what else it says stays as it came."""
    if door.id_field is None or path_id is None:
        return body
    try:
        fields = _OBJECT.decode(body)
        own = msgspec.json.decode(fields.pop(door.id_field)) if door.id_field in fields else path_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f"{door.event}: {error}") from error
    if own != path_id:
        raise InvalidBody(f"{door.event}: the path names {path_id!r}, its field {door.id_field} {own!r:.80}")
    return msgspec.json.encode({door.id_field: path_id, **fields})
