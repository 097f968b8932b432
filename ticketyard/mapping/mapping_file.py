"""The mapping file: how the rows of somebody's file become events. Reads it strictly and tells all mistakes at once."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from schemas.errors import Permanent
from ticketyard.mapping.rules import ONCE, STRICT, EventRule, FieldRule, Listed, Texts, TimeColumn
from ticketyard.mapping.template import Template
from ticketyard.mapping.texts_of_yaml import read_texts


class MappingError(Permanent):
    """A mapping file cannot be used; the message names the file and every place to mend."""


class FileRules(BaseModel):
    """What the mapping knows of the file's form; options of the command line come first.

    `rows` is the path of the array that holds the rows of a JSON file.
    """

    model_config = STRICT
    encoding: str | None = None
    separator: str | None = None
    rows: str | None = None
    sheet: str | None = None


class Parts(BaseModel):
    """A cell that holds several values: `names` for what `separator` separates; the last takes all the rest."""

    model_config = STRICT
    separator: Annotated[str, Field(min_length=1)]
    names: Annotated[tuple[str, ...], Listed, Field(min_length=2)]


class Mapping(BaseModel):
    """A mapping file. `key` names the columns that identify a ticket, for what compares with its previous row.

    `id` makes each event's id from {row}, {event} (its type, with -2 for the second rule of a type), {item} (from 1,
    of events of a list), {file}, {file_sum}, {file_id} (the sum's first twelve digits) and columns; equal rows of
    equal files get equal ids, so a replay can be repeated. `unmatched` says what becomes of a row without any event.
    `optional` names columns that a file may lack, `blanks` the texts that mean an empty cell, `parts` cells that
    hold several values.
    """

    model_config = STRICT
    description: str = ""
    source: str = Field(default="ticketyard/replay", min_length=1, max_length=200)
    file: FileRules = FileRules()
    key: Texts = ()
    time: TimeColumn | None = None
    id: Template = Field(default_factory=lambda: Template("{file_id}:{row}:{event}"))
    unmatched: Literal["reject", "skip"] = "reject"
    optional: Texts = ()
    blanks: Texts = ("NaN", "NaT", "#N/A")
    parts: dict[str, Parts] = Field(default_factory=dict)
    events: Annotated[tuple[EventRule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.events) > 1 and "event" not in self.id.built_in:
            raise ValueError("id: several events can come from one row, so the id needs {event}")
        if not self.key and self._compares():
            raise ValueError(
                "key: something compares with a ticket's previous row; name the ticket's column here"
            )
        if self.time is not None and self.time.blank is not None:
            raise ValueError("time: `blank` is for the time of an event; a row without its time is rejected")
        return self

    def _compares(self) -> bool:
        return any(condition.compares for event in self.events for condition in event.when) or any(
            rule.changed_only for event in self.events for rule in event.fields.values()
        )

    def labels(self) -> list[str]:
        """Return what {event} is for each rule, in their order; they differ."""
        found: list[str] = []
        for rule in self.events:
            before = sum(earlier.type == rule.type for earlier in self.events[: len(found)])
            found.append(f"{rule.type}-{before + 1}" if before else rule.type)
        return found

    def columns(self) -> frozenset[str]:
        """Return every column that the mapping reads, by the names that it uses."""
        alone = [*self.key, *self.id.names, *(self.time.columns if self.time else ())]
        return frozenset(alone).union(*(event.columns for event in self.events))

    def customers(self) -> list[FieldRule]:
        """Return where the customer of a ticket comes from, of each rule that opens one and reads it in the file."""
        found = [event.fields["customer_id"] for event in self.events if event.type in ONCE]
        return [rule for rule in found if rule.constant is None]

    def compared_columns(self) -> frozenset[str]:
        """Return the columns whose previous value matters."""
        found: set[str] = set()
        for event in self.events:
            found.update(*(rule.columns for rule in event.fields.values() if rule.changed_only))
            found.update(*(condition.columns for condition in event.when))
        return frozenset(found)


def load_mapping(path: Path) -> tuple[Mapping, str]:
    """Return the mapping in a file and the sha256 (hex) of its bytes. Raises MappingError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MappingError(f"the mapping file {path} cannot be read: {error.strerror}") from error
    return parse_mapping(data, source=str(path)), hashlib.sha256(data).hexdigest()


def parse_mapping(data: bytes, *, source: str) -> Mapping:
    """Return the mapping that `data` (YAML) spells; MappingError lists every mistake with its place."""
    try:
        return Mapping.model_validate(read_texts(data))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingError(f"{source} is not YAML: {error}") from error
    except ValidationError as error:
        problems = [
            f"  {'.'.join(map(str, found['loc'])) or 'the file'}: {found['msg'].removeprefix('Value error, ')}"
            for found in error.errors()
        ]
        raise MappingError("\n".join([f"{source} cannot be used as a mapping:", *problems])) from error
