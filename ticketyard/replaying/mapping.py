"""The mapping file: how the rows of somebody's file become events. Reads it strictly and tells all mistakes at once."""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from schemas.errors import Permanent
from ticketyard.replaying.fields import check_fields
from ticketyard.replaying.template import Template

_STRICT = ConfigDict(frozen=True, extra="forbid")


class MappingError(Permanent):
    """A mapping file cannot be used; the message names the file and every place to mend."""


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not a time zone; name one as Europe/Berlin or UTC") from error
    return name


Listed = BeforeValidator(_listed)
Texts = Annotated[tuple[str, ...], Listed]


class TimeFormat(BaseModel):
    """How a column writes a time: ISO 8601, seconds or milliseconds since 1970, or patterns of strptime.

    `zone` (an IANA name) is where times without an offset from UTC were taken; without it they are rejected.
    """

    model_config = _STRICT
    formats: Texts = ("iso",)
    zone: Annotated[str, AfterValidator(_known_zone)] | None = None


class TimeColumn(TimeFormat):
    """The column that says when a row's events happened."""

    column: str


class FieldRule(BaseModel):
    """Where one field of an event comes from; a mere text in the file means its column.

    Exactly one of `column`, `template` ("T-{number}") and `constant`. `values` translates texts, `skip` lists texts
    that leave the field unset, `otherwise` says what becomes of a text in neither. `blank` is for empty cells.
    `changed_only` leaves the field unset where the column is as in the ticket's previous row.
    """

    model_config = _STRICT
    column: str | None = None
    template: Template | None = None
    constant: Any = None
    values: dict[str, Any] = Field(default_factory=dict)
    skip: tuple[str, ...] = ()
    otherwise: Literal["reject", "keep", "skip"] | None = None
    default: Any = None
    blank: Literal["skip", "null", "reject", "default"] = "skip"
    changed_only: bool = False
    time: TimeFormat | None = None

    @model_validator(mode="before")
    @classmethod
    def _column_alone(cls, value: Any) -> Any:
        return {"column": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = [name for name in ("column", "template", "constant") if getattr(self, name) is not None]
        if len(sources) != 1:
            raise ValueError(f"give exactly one of column, template and constant, not {sources or 'none'}")
        if self.changed_only and self.column is None:
            raise ValueError("changed_only needs a column")
        if (self.default is not None) != (self.blank == "default"):
            raise ValueError("`default: ...` and `blank: default` belong together")
        return self

    @property
    def columns(self) -> frozenset[str]:
        """The columns that this field reads."""
        return frozenset([self.column] if self.column else self.template.names if self.template else ())


class Condition(BaseModel):
    """What must hold of a row; everything that is given must hold at once.

    `first`: it is the ticket's first row, or is not. Of `column`: `equals` one of these texts, `not_equals` any of
    them, `blank`; `became` one of these texts, which the ticket's previous row, if there is one, did not have; and
    of that previous row `was` one of them (false on a first row). `changed`: one of these columns is not as in the
    ticket's previous row (false on a first row).
    """

    model_config = _STRICT
    first: bool | None = None
    column: str | None = None
    equals: Texts | None = None
    not_equals: Texts | None = None
    became: Texts | None = None
    was: Texts | None = None
    blank: bool | None = None
    changed: Texts | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        about_column = (self.equals, self.not_equals, self.became, self.was, self.blank)
        if (self.column is None) != all(test is None for test in about_column):
            raise ValueError("column and one of equals, not_equals, became, was, blank belong together")
        if self.column is None and self.first is None and self.changed is None:
            raise ValueError("an empty condition: say first, changed or column")
        return self

    @property
    def columns(self) -> frozenset[str]:
        """The columns that this condition reads."""
        return frozenset([*([self.column] if self.column else []), *(self.changed or ())])


class EventRule(BaseModel):
    """One event per row for which all of `when` holds; without `when`, of every row."""

    model_config = _STRICT
    type: str
    when: Annotated[tuple[Condition, ...], Listed] = ()
    fields: dict[str, FieldRule]

    @model_validator(mode="after")
    def _fits_the_type(self) -> Self:
        check_fields(self.type, self.fields)
        return self


class Mapping(BaseModel):
    """A mapping file. `key` names the columns that identify a ticket, for what compares with its previous row.

    `id` makes each event's id from {row}, {event} (its type), {file}, {file_sum}, {file_id} (the sum's first twelve
    digits) and columns; equal rows of equal files get equal ids, so a replay can be repeated. `unmatched` says what
    becomes of a row without any event.
    """

    model_config = _STRICT
    description: str = ""
    source: str = Field(default="ticketyard/replay", min_length=1, max_length=200)
    key: Texts = ()
    time: TimeColumn | None = None
    id: Template = Field(default_factory=lambda: Template("{file_id}:{row}:{event}"))
    unmatched: Literal["reject", "skip"] = "reject"
    events: Annotated[tuple[EventRule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        if len(self.events) > 1 and "event" not in self.id.names:
            raise ValueError("id: several events can come from one row, so the id needs {event}")
        if not self.key and self._compares():
            raise ValueError(
                "key: something compares with a ticket's previous row; name the ticket's column here"
            )
        return self

    def _compares(self) -> bool:
        conditions = [condition for event in self.events for condition in event.when]
        return any(
            condition.changed or condition.was or condition.became or condition.first is not None
            for condition in conditions
        ) or any(rule.changed_only for event in self.events for rule in event.fields.values())

    def columns(self) -> frozenset[str]:
        """Return every column that a file must have."""
        found = {*self.key, *self.id.names} - BUILT_IN
        found.update([self.time.column] if self.time else [])
        for event in self.events:
            found.update(*(rule.columns for rule in event.fields.values()))
            found.update(*(condition.columns for condition in event.when))
        return frozenset(found - BUILT_IN)

    def compared_columns(self) -> frozenset[str]:
        """Return the columns whose previous value matters."""
        found: set[str] = set()
        for event in self.events:
            found.update(*(rule.columns for rule in event.fields.values() if rule.changed_only))
            found.update(*(condition.columns for condition in event.when))
        return frozenset(found)


BUILT_IN = frozenset({"row", "event", "file", "file_id", "file_sum"})
"""What templates may name besides columns."""


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
        return Mapping.model_validate(yaml.safe_load(data))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingError(f"{source} is not YAML: {error}") from error
    except ValidationError as error:
        problems = [
            f"  {'.'.join(map(str, found['loc'])) or 'the file'}: {found['msg'].removeprefix('Value error, ')}"
            for found in error.errors()
        ]
        raise MappingError("\n".join([f"{source} cannot be used as a mapping:", *problems])) from error
