"""The taxonomy: which intents there are, who works on them, how urgent they are, and examples of each.

A person edits `taxonomy.yaml`; this module reads it strictly and reports every mistake of the file at once,
each with its line, so that a typing error never turns into a classifier that silently learnt something else.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError

from schemas.edited_file import EditedFile, line_of, read_edited
from schemas.errors import Permanent
from schemas.vocabulary import OUT_OF_SCOPE, TRIAGE_TEAM, Category, Priority

FEWEST_EXAMPLES: Final = 8
"""An intent with fewer examples cannot be learnt from a cold start."""

FEWEST_INTENTS: Final = 2
"""A classifier has nothing to decide between fewer."""

UNMAPPED_PRIORITY: Final = Priority.MEDIUM
"""The base priority of a label that the taxonomy does not know."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_SNAKE_CASE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class TaxonomyError(Permanent):
    """The taxonomy file cannot be used; the message names the file, each place and what to mend."""


def _snake_case(name: str) -> str:
    if not _SNAKE_CASE.fullmatch(name):
        raise PydanticCustomError(
            "snake_case", "is not lower_snake_case: use a-z, 0-9 and single underscores"
        )
    return name


def _intent_name(name: str) -> str:
    if name == OUT_OF_SCOPE:
        raise PydanticCustomError("reserved", "is reserved for texts of no intent: choose another name")
    return _snake_case(name)


def _filled(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("empty", "is empty: write something or delete the line")
    return text.strip()


def _enough(examples: tuple[str, ...]) -> tuple[str, ...]:
    if len(examples) < FEWEST_EXAMPLES:
        raise PydanticCustomError(
            "too_few",
            "has {n} examples, at least {least} are needed: add {more} more",
            {"n": len(examples), "least": FEWEST_EXAMPLES, "more": FEWEST_EXAMPLES - len(examples)},
        )
    return examples


def _language(code: str) -> str:
    if not _LANGUAGE.fullmatch(code):
        raise PydanticCustomError("language", "is no language: use its ISO 639 code, such as de")
    return code


SnakeCase = Annotated[str, AfterValidator(_snake_case)]
IntentName = Annotated[str, AfterValidator(_intent_name)]
Filled = Annotated[str, AfterValidator(_filled)]
Language = Annotated[str, AfterValidator(_language)]
Examples = Annotated[tuple[Filled, ...], AfterValidator(_enough)]


class _Entry(BaseModel, frozen=True, extra="forbid"):
    """What the file says under an intent's name."""

    description: Filled
    team: SnakeCase
    priority: Priority
    examples: Examples
    examples_in: dict[Language, tuple[Filled, ...]] = {}

    def all_examples(self) -> Iterator[tuple[list[str | int], str]]:
        """Yield the place within the entry, and the text, of each example in every language."""
        for number, text in enumerate(self.examples):
            yield ["examples", number], text
        for language, texts in self.examples_in.items():
            for number, text in enumerate(texts):
                yield ["examples_in", language, number], text


class _Section(BaseModel, frozen=True, extra="forbid"):
    """What the file says under a category's name."""

    description: Filled
    intents: dict[IntentName, _Entry]


class _Document(BaseModel, frozen=True, extra="forbid"):
    """The file as it is written."""

    version: Filled
    categories: dict[Category, _Section]

    def entries(self) -> Iterator[tuple[Category, str, _Entry]]:
        """Yield category, intent name and entry in the file's order."""
        for category, section in self.categories.items():
            for name, entry in section.intents.items():
                yield category, name, entry


class Intent(_Entry):
    """One thing that customers want: its default team, base priority and the sentences that teach it.

    `examples_in` holds sentences in other languages by their ISO 639 codes; they teach as the others do.
    """

    name: IntentName
    category: Category


class Taxonomy(BaseModel, frozen=True, extra="forbid"):
    """The intents of one file: `version` is its author's word, `sum` the sha256 (hex) of its bytes."""

    version: str
    intents: Mapping[str, Intent]
    sum: str

    def intent(self, name: str) -> Intent:
        """Return the intent of this name; TaxonomyError if there is none."""
        try:
            return self.intents[name]
        except KeyError:
            raise TaxonomyError(
                f"the taxonomy (version {self.version}) has no intent {name!r}; "
                f"add it to the taxonomy file or use one of its {len(self.intents)} intents"
            ) from None

    def team_for(self, label: str) -> str:
        """Return the default team of a label; a label that is no intent goes to the triage team."""
        intent = self.intents.get(label)
        return intent.team if intent else TRIAGE_TEAM

    def category_for(self, label: str) -> Category | None:
        """Return the category of a label; None if it is no intent."""
        intent = self.intents.get(label)
        return intent.category if intent else None

    def priority_for(self, label: str) -> Priority:
        """Return the base priority of a label; a label that is no intent has medium."""
        intent = self.intents.get(label)
        return intent.priority if intent else UNMAPPED_PRIORITY

    def teams(self) -> tuple[str, ...]:
        """Return, sorted, every team that `team_for` can answer with, so the triage team too."""
        return tuple(sorted({intent.team for intent in self.intents.values()} | {TRIAGE_TEAM}))

    def examples(self) -> Iterator[tuple[str, str]]:
        """Yield (text, label) of every example in every language: the cold-start training set."""
        for intent in self.intents.values():
            for _, text in intent.all_examples():
                yield text, intent.name


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read a taxonomy file, or the packaged one; TaxonomyError if it is missing or has mistakes."""
    source = path or resources.files("schemas").joinpath("taxonomy.yaml")
    data = read_edited(source, "the taxonomy file", TaxonomyError)
    return parse_taxonomy(data, source=str(source))


def parse_taxonomy(data: bytes, *, source: str) -> Taxonomy:
    """Check a taxonomy file's bytes and build the taxonomy; `source` names the file in TaxonomyError."""
    file = EditedFile(source, "the taxonomy", TaxonomyError)
    document, root = file.check(data, _Document)
    problems = [*_repeated_intents(document, root), *_repeated_examples(document, root)]
    intents = {
        name: Intent(name=name, category=category, **dict(entry))
        for category, name, entry in document.entries()
    }
    if len(intents) < FEWEST_INTENTS:
        problems.append(f"only {len(intents)} intents, at least {FEWEST_INTENTS} are needed: add some")
    if problems:
        raise file.refusal(problems)
    return Taxonomy(version=document.version, intents=intents, sum=hashlib.sha256(data).hexdigest())


def _repeated_intents(document: _Document, root: yaml.Node | None) -> Iterator[str]:
    first: dict[str, Category] = {}
    for category, name, _ in document.entries():
        if name in first:
            line = line_of(["categories", category, "intents", name], root)
            yield (
                f"line {line}: {category} > {name}: an intent of this name is in {first[name]} already: "
                "rename or delete one of them"
            )
        first.setdefault(name, category)


def _repeated_examples(document: _Document, root: yaml.Node | None) -> Iterator[str]:
    """Two equal sentences under two intents teach the classifier a contradiction."""
    first: dict[str, str] = {}
    for category, name, entry in document.entries():
        for place, text in entry.all_examples():
            folded = " ".join(text.casefold().split())
            if folded in first:
                line = line_of(["categories", category, "intents", name, *place], root)
                yield (
                    f"line {line}: {category} > {name}: the example {text!r} is in {first[folded]} already: "
                    "reword or delete one of them"
                )
            first.setdefault(folded, f"{category} > {name}")
