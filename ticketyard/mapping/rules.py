"""The parts of a mapping file: where a field, a time and an event come from, and when."""

from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ticketyard.mapping.fields import check_constants, check_fields, is_nested
from ticketyard.mapping.template import Template
from ticketyard.mapping.times import check_format
from ticketyard.reading.paths import each_of

STRICT = ConfigDict(frozen=True, extra="forbid")
ONCE: Final = frozenset({"TicketOpened", "TicketImported"})
"""Events that begin a ticket: a row has one, and it comes first."""


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def known_zone(name: str) -> str:
    """Return the name of a time zone; ValueError if it is none."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not a time zone; name one as Europe/Berlin or UTC") from error
    return name


Listed = BeforeValidator(_listed)
Texts = Annotated[tuple[str, ...], Listed]


class TimeFormat(BaseModel):
    """How a column writes a time: ISO 8601, seconds or milliseconds since 1970, days of Excel, or strptime's patterns.

    `zone` (an IANA name) is where times without an offset from UTC were taken; without it they are rejected. What is
    not said is as in the mapping's own `time`.
    """

    model_config = STRICT
    formats: Annotated[tuple[Annotated[str, AfterValidator(check_format)], ...], Listed] | None = None
    zone: Annotated[str, AfterValidator(known_zone)] | None = None


class TimeColumn(TimeFormat):
    """The column that says when a row's events happened, or one of them.

    With `after` the column is how long after the time in that other column it was, in `unit`; 1:30:00 is hours, minutes
    and seconds whatever the unit.

    `blank` is for an event's own time: `skip` where a blank cell means that it did not happen, `reject` where it
    means that the row is broken; by default it is skipped only where the event has no conditions.
    """

    column: str
    after: str | None = None
    unit: Literal["seconds", "minutes", "hours", "days"] | None = None
    blank: Literal["skip", "reject"] | None = None

    @model_validator(mode="after")
    def _says_both(self) -> Self:
        if (self.after is None) != (self.unit is None):
            raise ValueError("`after: COLUMN` and `unit: minutes` belong together")
        return self

    @property
    def columns(self) -> frozenset[str]:
        """The columns that this time reads."""
        return frozenset([self.column, *([self.after] if self.after else [])])


class FieldRule(BaseModel):
    """Where one field of an event comes from; a mere text in the file means its column.

    Exactly one of `column`, `template` ("T-{number}") and `constant`. `values` translates texts, `skip` lists texts
    that leave the field unset, `otherwise` says what becomes of a text in neither. `blank` is for empty cells, and
    for templates with one; a field without it is left out, a template without it rejects the row. `join` puts between
    the texts of a list. `changed_only` leaves the field unset where the column is as in the ticket's previous row.
    `fallback` names columns that are read in their order where `column` is blank; `until` cuts a text where this one
    first stands in it, so that of "901;902" the first counts.
    """

    model_config = STRICT
    column: str | None = None
    template: Template | None = None
    constant: Any = None
    values: dict[str, Any] = Field(default_factory=dict)
    skip: Texts = ()
    otherwise: Literal["reject", "keep", "skip"] | None = None
    default: Any = None
    blank: Annotated[
        Literal["skip", "null", "reject", "default"] | None,
        BeforeValidator(lambda said: "null" if said is None else said),
    ] = Field(default=None, validate_default=False)
    join: str | None = None
    fallback: Texts = ()
    until: Annotated[str, Field(min_length=1)] | None = None
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
        if self.column is None and (self.fallback or self.until):
            raise ValueError("fallback and until need a column")
        if self.changed_only and self.fallback:
            raise ValueError("changed_only compares one column, so it has no fallback")
        if (self.default is not None) != (self.blank == "default"):
            raise ValueError("`default: ...` and `blank: default` belong together")
        return self

    @property
    def columns(self) -> frozenset[str]:
        """The columns that this field reads."""
        alone = self.template.names if self.template else ()
        return frozenset([self.column, *self.fallback] if self.column else alone)


class Condition(BaseModel):
    """What must hold of a row; everything that is given must hold at once.

    `first`: it is the ticket's first row, or is not. Of `column`: `equals` one of these texts, `not_equals` any of
    them, `blank`, `same_as` another column or `not_same_as` it; `became` one of these texts, which the ticket's
    previous row, if there is one, did not have; and of that previous row `was` one of them (false on a first row).
    `changed`: one of these columns is not as in the ticket's previous row (false on a first row).
    """

    model_config = STRICT
    first: bool | None = None
    column: str | None = None
    equals: Texts | None = None
    not_equals: Texts | None = None
    same_as: str | None = None
    not_same_as: str | None = None
    became: Texts | None = None
    was: Texts | None = None
    blank: bool | None = None
    changed: Texts | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        about_column = (
            self.equals, self.not_equals, self.same_as, self.not_same_as, self.became, self.was, self.blank,
        )  # fmt: skip
        if (self.column is None) != all(test is None for test in about_column):
            raise ValueError(
                "column and one of equals, not_equals, same_as, not_same_as, became, was, blank belong together"
            )
        if self.column is None and self.first is None and self.changed is None:
            raise ValueError("an empty condition: say first, changed or column")
        return self

    @property
    def columns(self) -> frozenset[str]:
        """The columns that this condition reads."""
        alone = (self.column, self.same_as, self.not_same_as)
        return frozenset([*filter(None, alone), *(self.changed or ())])

    @property
    def compares(self) -> bool:
        """Whether it needs the ticket's previous row."""
        return bool(self.changed or self.was or self.became or self.first is not None)


class EventRule(BaseModel):
    """One event per row for which all of `when` holds; without `when`, of every row.

    With a field, a time or a condition of `comments[].body` it is one event per item of that list. Attributes of a
    list that is not gone through so are the list as JSON. `time` is when this very event happened, `id` its id.
    """

    model_config = STRICT
    type: str
    time: TimeColumn | None = None
    id: Template | None = None
    when: Annotated[tuple[Condition, ...], Listed] = ()
    fields: dict[str, FieldRule]

    @model_validator(mode="after")
    def _fits_the_type(self) -> Self:
        check_fields(self.type, self.fields)
        constants = {
            name: field.constant for name, field in self.fields.items() if field.constant is not None
        }
        check_constants(self.type, constants)
        lists = self._lists()
        if len(lists) > 1:
            raise ValueError(f"an event can go through one list, not through {' and '.join(sorted(lists))}")
        if lists and self.type in ONCE:
            (name,) = lists
            raise ValueError(f"{self.type} happens once a row, so name one item as {name}[0], not {name}[]")
        return self

    @cached_property
    def each(self) -> str | None:
        """The list of which each item is an event; None where the row is one."""
        return next(iter(self._lists()), None)

    @property
    def columns(self) -> frozenset[str]:
        """The columns that this event reads."""
        read = [rule.columns for rule in self.fields.values()] + [
            condition.columns for condition in self.when
        ]
        alone = self.time.columns if self.time else frozenset[str]()
        return alone.union(self.id.names if self.id else (), *read)

    def _lists(self) -> frozenset[str]:
        read = [rule.columns for name, rule in self.fields.items() if not is_nested(name)]
        read += [condition.columns for condition in self.when]
        names = (self.time.columns if self.time else frozenset[str]()).union(*read)
        return frozenset(filter(None, map(each_of, names)))
