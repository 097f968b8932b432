"""The JSON Schemas that are checked in say what the types say."""

import json
from pathlib import Path

import pytest

from schemas.records.json_schemas import EVENTS, FOLDER, json_schema, schema_files, write_schemas
from tests.contract.event_samples import sample


def test_the_checked_in_schemas_are_those_of_the_types() -> None:
    """A change of a type without its schema would tell users of other languages something wrong."""
    found = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}

    assert found == schema_files(), "run `python -m schemas.records.json_schemas` and commit schemas/json"


def test_writing_removes_what_is_no_event_any_more(tmp_path: Path) -> None:
    """A schema of a type that is gone would be a promise that nobody keeps."""
    (tmp_path / "TicketPainted.json").write_text("{}")
    write_schemas(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == set(schema_files())


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_schema_stands_alone_and_knows_the_sample(name: str) -> None:
    """Every reference is inside the file, and every field of the sample is described."""
    schema = json_schema(EVENTS[name])
    definition = schema["$defs"][name]

    assert schema["$id"] == f"urn:ticketyard:event:{name}"
    assert set(definition["properties"]) == set(sample(name))
    assert set(definition["required"]) <= set(sample(name))
    references = {part.split('"')[0] for part in json.dumps(schema).split('"#/$defs/')[1:]}
    assert references <= set(schema["$defs"])
