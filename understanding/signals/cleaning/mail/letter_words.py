"""How people end a letter, and what stands below that: words from `letters.yaml`, ready to be looked up."""

from typing import Final

from understanding.signals.cleaning.phrases import needed_of, one_stands, phrases_of
from understanding.signals.lexicons.lexicon import lexicon, words_in

_LISTS: Final = lexicon("letters")
_REFERENCES: Final = lexicon("references")["words"]

VALEDICTIONS: Final = frozenset(_LISTS["valedictions"])
"""A line that ends a letter, in lower case without its punctuation; names and addresses follow."""

ASKS: Final = words_in(_LISTS["asks"]).union(*map(words_in, _REFERENCES.values()))
"""Words with which a line asks for something or names a number, so that it is no part of a signature."""

ASKS_INSIDE: Final = tuple(_LISTS["asks_inside"])
"""The same in languages that do not separate words."""

_ANNOUNCES: Final = phrases_of(_LISTS["announces"])
_ANNOUNCE: Final = needed_of(_ANNOUNCES)

CONTACT_LABELS: Final = words_in(_LISTS["contact_labels"])
PARTICLES: Final = words_in(_LISTS["particles"])
"""Words in lower case that stand within names and titles."""

FAMILY_NAMES: Final = "".join(_LISTS["family_names"].split())
"""Characters with which Chinese and Korean names begin and few sentences do."""


def announces(lower: str) -> bool:
    """Return whether a line in lower case says that something follows, so that what is below is no signature."""
    return any(map(lower.__contains__, _ANNOUNCE)) and one_stands(_ANNOUNCES, lower)
