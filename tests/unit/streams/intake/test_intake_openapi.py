"""The OpenAPI document says what the doors do."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from schemas.records.events import EXTERNAL_EVENTS
from streams.intake.doors import DOORS
from streams.intake.openapi import document
from tests.contract.event_samples import sample
from tests.unit.streams.intake.doors_in_memory import MemorySender, client_of


def parts(value: Any) -> Iterator[Any]:
    """Yield every part of a document."""
    yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from parts(one)


def test_every_reference_leads_somewhere() -> None:
    """A reader's tool stops at the first that does not."""
    schemas = document()["components"]["schemas"]
    found = {part["$ref"] for part in parts(document()) if isinstance(part, dict) and "$ref" in part}
    assert {ref.rsplit("/", 1)[1] for ref in found} <= set(schemas)
    assert json.loads(json.dumps(document())) == document()


def test_each_operation_has_a_name_of_its_own() -> None:
    """Generated clients make a function of each."""
    names = [one["operationId"] for path in document()["paths"].values() for one in path.values()]
    assert len(set(names)) == len(names) == len(DOORS) + 4


@pytest.mark.parametrize("name", sorted(EXTERNAL_EVENTS))
def test_schemas_are_those_of_the_contract(name: str) -> None:
    """Property by property, with its bounds."""
    own = msgspec.json.schema(EXTERNAL_EVENTS[name])["$defs"][name]["properties"]
    found = document()["components"]["schemas"][name]["properties"]
    assert found.keys() == own.keys() == sample(name).keys()


def test_a_body_need_not_repeat_its_path() -> None:
    """What the path names is not required; everything else that the contract requires is."""
    for door in DOORS:
        schema = document()["paths"][door.path]["post"]["requestBody"]["content"]["application/json"][
            "schema"
        ]
        if door.id_field is None:
            assert schema == {"$ref": f"#/components/schemas/{door.event}"}
        else:
            whole = document()["components"]["schemas"][door.event]["required"]
            assert set(whole) - set(schema["required"]) == {door.id_field}


def test_the_door_serves_it_and_every_path_answers() -> None:
    """What is documented exists: an empty body is refused by the event, not by the router."""
    with client_of(MemorySender()) as client:
        assert client.get("/openapi.json").json() == document()
        for path, methods in document()["paths"].items():
            named = path.format(ticket_id="t", customer_id="c", agent_id="a", letter_id="l")
            (method,) = methods
            content = b"[]" if method == "post" else None
            told = {"content-type": "application/json"}
            answer = client.request(method, named, content=content, headers=told)
            assert answer.status_code == 400, (path, answer.text)
