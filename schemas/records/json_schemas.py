"""JSON Schemas of every event body, generated from the types: `python -m schemas.records.json_schemas` writes them.

They are checked in beside this file, in `json/`, for readers who do not use Python; a contract test keeps them in step.
"""

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from schemas.records.derived import DERIVED_EVENTS
from schemas.records.events import EXTERNAL_EVENTS, Event

FOLDER: Final = Path(__file__).with_name("json")
EVENTS: Final[dict[str, type[Event]]] = {**EXTERNAL_EVENTS, **DERIVED_EVENTS}
"""Every event of the contract, by its CloudEvents type."""


def json_schema(event: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an event's body, complete in itself."""
    schema = msgspec.json.schema(event)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:ticketyard:event:{event.__name__}",
        **schema,
    }


def schema_files() -> dict[str, str]:
    """Return the text of each schema file by its name."""
    return {f"{name}.json": json.dumps(json_schema(event), indent=2) + "\n" for name, event in EVENTS.items()}


def write_schemas(folder: Path = FOLDER) -> None:
    """Write every schema file into `folder` and remove those of events that are no more."""
    files = schema_files()
    folder.mkdir(exist_ok=True)
    for stale in {path.name for path in folder.glob("*.json")} - files.keys():
        (folder / stale).unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schemas()
