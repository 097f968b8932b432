"""The examples of urgency, and which of them are held out."""

import hashlib
from collections import defaultdict
from importlib import resources
from typing import Final

import msgspec

FILE: Final = "examples.jsonl"
SEED: Final = 1
HELD_OUT: Final = 5
"""Of this many stories one is held out: never learnt from, and nothing is chosen on it."""


class Example(msgspec.Struct, frozen=True):
    """A message as a customer writes it, and whether it presses.

    A trap is one that its words belie: calm with urgent words, urgent without, negated, quoted, past. Messages that
    tell the same in several languages share a `story`, and are held out together.
    """

    language: str
    urgent: bool
    trap: bool
    story: int
    text: str


def examples() -> list[Example]:
    """Return all examples in the order of the file."""
    return msgspec.json.Decoder(Example).decode_lines(_bytes())


def examples_sum() -> str:
    """Return the sha256 of the file of examples."""
    return hashlib.sha256(_bytes()).hexdigest()


def split(found: list[Example]) -> tuple[list[Example], list[Example]]:
    """Return the examples to learn from and those held out: a fifth of the stories of each language and kind."""
    first: dict[int, Example] = {}
    for example in found:
        first.setdefault(example.story, example)
    kinds: dict[tuple[str, bool, bool], list[int]] = defaultdict(list)
    for story, example in first.items():
        kinds[example.language, example.urgent, example.trap].append(story)
    held = {story for stories in kinds.values() for story in sorted(stories, key=drawn)[::HELD_OUT]}
    return [one for one in found if one.story not in held], [one for one in found if one.story in held]


def drawn(story: int) -> str:
    """Return what orders stories by chance, the same each time."""
    return hashlib.sha256(f"urgency {SEED} {story}".encode()).hexdigest()


def _bytes() -> bytes:
    return resources.files(__package__).joinpath(FILE).read_bytes()
