"""What became of intents that were renamed, merged or split: a file that a person edits, checked and resolved.

Training maps the labels of its rows by it, and views map the intents of past tickets, so that neither loses history
when the taxonomy changes.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import yaml
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from schemas.edited_file import EditedFile, line_of, read_edited
from schemas.errors import Permanent
from schemas.taxonomy import Taxonomy
from schemas.vocabulary import OUT_OF_SCOPE, Channel

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
Kind = Literal["renamed", "merged", "split"]


class IntentMapError(Permanent):
    """The intent map cannot be used; the message names the file, each place and what to mend."""


def _some_parts(parts: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(parts)) < 2 or len(set(parts)) < len(parts):  # noqa: PLR2004 - one part would be a renaming
        raise PydanticCustomError("parts", "must name two intents or more, each once")
    return parts


class SplitRule(BaseModel, frozen=True, extra="forbid"):
    """Which rows of a split intent belong to one part: all conditions that are given must hold."""

    to: Name
    words: tuple[Name, ...] = ()
    channels: tuple[Channel, ...] = ()

    @model_validator(mode="after")
    def _has_a_condition(self) -> "SplitRule":
        if not self.words and not self.channels:
            raise PydanticCustomError("condition", "has no condition: give words, channels or both")
        return self

    def holds(self, text: str, channel: str | None) -> bool:
        """Tell whether a text, by whatever channel it came, belongs to the part."""
        if self.channels and channel not in self.channels:
            return False
        return not self.words or any(_has_words(text, words) for words in self.words)


class Split(BaseModel, frozen=True, extra="forbid"):
    """What an intent was split into, and how its rows are told apart."""

    into: Annotated[tuple[Name, ...], AfterValidator(_some_parts)]
    rules: tuple[SplitRule, ...] = ()
    otherwise: Name | None = None

    @model_validator(mode="after")
    def _names_its_parts(self) -> "Split":
        named = [rule.to for rule in self.rules] + ([self.otherwise] if self.otherwise else [])
        for name in named:
            if name not in self.into:
                raise PydanticCustomError(
                    "no_part", "names {name} in a rule, which is not among `into`", {"name": name}
                )
        return self

    def part_of(self, text: str, channel: str | None) -> str | None:
        """Return the part that a row belongs to; None where nothing says so."""
        return next((rule.to for rule in self.rules if rule.holds(text, channel)), self.otherwise)


class _Document(BaseModel, frozen=True, extra="forbid"):
    """The whole file."""

    version: Annotated[str, StringConstraints(min_length=1)]
    renamed: dict[Name, Name] = Field(default_factory=dict)
    merged: dict[Name, tuple[Name, ...]] = Field(default_factory=dict)
    split: dict[Name, Split] = Field(default_factory=dict)
    own_labels: tuple[Name, ...] = ()

    def changes(self) -> "Iterator[_Change]":
        """Yield what became of each old name, in the file's order."""
        for old, new in self.renamed.items():
            yield _Change(old, (new,), "renamed", ["renamed", old])
        for new, olds in self.merged.items():
            for number, old in enumerate(olds):
                if old != new:
                    yield _Change(old, (new,), "merged", ["merged", new, number])
        for old, split in self.split.items():
            yield _Change(old, split.into, "split", ["split", old])


class _Change(NamedTuple):
    old: str
    into: tuple[str, ...]
    kind: Kind
    place: list[int | str]


class MappedIntent(NamedTuple):
    """One row of the view `intent_map`."""

    intent: str
    current_intent: str
    change: Kind
    split_into: list[str]


class IntentMap(NamedTuple):
    """A checked map: `names` leads each renamed or merged name to its last one; `sum` is the file's sha256 (hex)."""

    version: str
    sum: str
    names: Mapping[str, str]
    splits: Mapping[str, Split]
    kinds: Mapping[str, Kind]

    def current(self, label: str) -> str:
        """Return what a label is called now; one that was split keeps the name that it had then."""
        return self.names.get(label, label)

    def label_of(self, label: str, text: str, channel: str | None = None) -> str | None:
        """Return what a row with this label and text is called now; None where a split leaves that open."""
        name = self.current(label)
        while (split := self.splits.get(name)) is not None:
            part = split.part_of(text, channel)
            if part is None:
                return None
            name = self.current(part)
        return name

    def rows(self) -> list[MappedIntent]:
        """Return what became of each old name, sorted."""
        return [
            MappedIntent(old, name := self.current(old), kind, self._parts(name))
            for old, kind in sorted(self.kinds.items())
        ]

    def _parts(self, name: str) -> list[str]:
        return list(self.splits[name].into) if name in self.splits else []


NO_CHANGES: Final = IntentMap(version="", sum="", names={}, splits={}, kinds={})
"""What a map without entries says: every label is what it was."""


def load_intent_map(path: Path | None, taxonomy: Taxonomy) -> IntentMap:
    """Read a map, or the packaged one, which changes nothing; IntentMapError if it is missing or has mistakes.

    The taxonomy says which intents there are now.
    """
    source = path or resources.files("schemas").joinpath("intent_map.yaml")
    data = read_edited(source, "the intent map", IntentMapError)
    return parse_intent_map(data, taxonomy, source=str(source))


def parse_intent_map(data: bytes, taxonomy: Taxonomy, *, source: str) -> IntentMap:
    """Check a map's bytes and resolve its chains; `source` names the file in IntentMapError."""
    file = EditedFile(source, "the intent map", IntentMapError)
    document, root = file.check(data, _Document)
    changes = list(document.changes())
    known = {*taxonomy.intents, *document.own_labels}
    problems = [*_wrong_names(changes, known, root), *_circles(changes, root)]
    if problems:
        raise file.refusal(problems)
    direct = {change.old: change.into[0] for change in changes if change.kind != "split"}
    return IntentMap(
        version=document.version,
        sum=hashlib.sha256(data).hexdigest(),
        names={old: _last(old, direct) for old in direct},
        splits=document.split,
        kinds={change.old: change.kind for change in changes},
    )


def _last(name: str, direct: Mapping[str, str]) -> str:
    while name in direct:
        name = direct[name]
    return name


def _wrong_names(changes: list[_Change], known: set[str], root: yaml.Node | None) -> Iterator[str]:
    first: dict[str, int] = {}
    old_names = {change.old for change in changes}
    for change in changes:
        line = line_of(change.place, root)
        if change.old in first:
            yield (
                f"line {line}: {change.kind} > {change.old}: line {first[change.old]} says already what became of it: "
                "delete one of them"
            )
        elif change.old in known or change.old == OUT_OF_SCOPE:
            yield (
                f"line {line}: {change.kind} > {change.old}: it is still an intent, so its old rows could not be told "
                "from new ones: delete it in the taxonomy (and in own_labels), or this line"
            )
        first.setdefault(change.old, line)
        for new in change.into:
            if new not in known and new not in old_names and new != OUT_OF_SCOPE:
                yield (
                    f"line {line}: {change.kind} > {change.old}: {new!r} is no intent of the taxonomy: mend the name, "
                    "add the intent there, or name the label in own_labels"
                )


def _circles(changes: list[_Change], root: yaml.Node | None) -> Iterator[str]:
    """Yield each change that leads back to its own old name."""
    into: dict[str, tuple[str, ...]] = {}
    for change in changes:
        into.setdefault(change.old, change.into)
    for change in changes:
        if _leads_to(change.old, into):
            yield (
                f"line {line_of(change.place, root)}: {change.kind} > {change.old}: the changes lead in a circle back "
                "to this name: the last name must be a new one"
            )


def _leads_to(name: str, into: Mapping[str, tuple[str, ...]]) -> bool:
    waiting, seen = list(into.get(name, ())), set[str]()
    while waiting:
        reached = waiting.pop()
        if reached == name:
            return True
        if reached not in seen:
            seen.add(reached)
            waiting.extend(into.get(reached, ()))
    return False


def _has_words(text: str, words: str) -> bool:
    """Tell whether a text has these words one after the other, whole, whatever their case and spaces."""
    folded = " ".join(words.casefold().split())
    return re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", " ".join(text.casefold().split())) is not None
