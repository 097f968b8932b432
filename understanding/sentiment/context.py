"""Where a word of complaint only names a matter, and phrases that mean more than their words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from understanding.arrays.strings import pack_strings, unpack_strings

Role = Literal["topic", "thing", "mended", "asks", "reports", "exclaims", "thanks", "lasts", "lacks", ""]
"""What a token does for others; `topic` may name a matter, such as fraud, beside a `thing`, such as an alert."""

ROLES: Final[tuple[Role, ...]] = (
    "topic",
    "thing",
    "mended",
    "asks",
    "reports",
    "exclaims",
    "thanks",
    "lasts",
    "lacks",
)

_MENDED_WITHIN: Final = 4
"""How many words may stand between what was mended and the word that says so."""

_SENTENCE_ENDS: Final = frozenset(".!?…。؟")


class Context(NamedTuple):
    """Words by role, where one that ends with `*` stands for all that begin so; and phrases with their valence."""

    roles: Mapping[str, Role]
    phrases: Mapping[tuple[str, ...], float]

    def role(self, token: str) -> Role:
        """Return a token's role; an empty one where it has none."""
        known = (self.roles[word] for word in (token, *_stems(token)) if word in self.roles)
        return next(known, "")

    def by_first(self) -> dict[str, tuple[tuple[tuple[str, ...], float], ...]]:
        """Return, by the token that begins a phrase, what follows it and the phrase's valence; the longest first."""
        found: dict[str, tuple[tuple[tuple[str, ...], float], ...]] = {}
        for phrase in sorted(self.phrases, key=lambda one: (-len(one), one)):
            found[phrase[0]] = (*found.get(phrase[0], ()), (phrase[1:], self.phrases[phrase]))
        return found

    def state(self) -> dict[str, Any]:
        """Return it as arrays and strings."""
        phrases = sorted(self.phrases)
        return {
            "roles": {
                role: pack_strings([w for w in sorted(self.roles) if self.roles[w] == role]) for role in ROLES
            },
            "phrases": pack_strings([" ".join(phrase) for phrase in phrases]),
            "valences": np.array([self.phrases[phrase] for phrase in phrases], dtype=np.float64),
        }


NO_CONTEXT: Final = Context({}, {})
"""What a model has that was trained before there was any."""


def context_from(state: Mapping[str, Any]) -> Context:
    """Undo `Context.state`."""
    roles = state["roles"]
    return Context(
        # A model that was trained before there was a role has no words of it.
        {word: role for role in ROLES if role in roles for word in unpack_strings(roles[role])},
        {
            tuple(phrase.split(" ")): valence
            for phrase, valence in zip(
                unpack_strings(state["phrases"]), state["valences"].tolist(), strict=True
            )
        },
    )


def named_only(tokens: Sequence[str], roles: Mapping[int, Role]) -> set[int]:
    """Return the places of topics and things that only name a matter; `roles` are by place.

    They do beside a thing or another topic (`fraud alert`), near a word that says that it is mended (`removed the
    fraudulent charge`), and in a plain question (`where do I report fraud?`).
    """
    topics = [place for place, role in roles.items() if role in {"topic", "thing"}]
    if not topics:
        return set()
    asked = {place for start, end in _plain_questions(tokens, roles) for place in range(start, end)}
    return {
        place for place in topics if place in asked or _beside(roles, place) or _mended(tokens, roles, place)
    }


def _beside(roles: Mapping[int, Role], place: int) -> bool:
    return roles.get(place - 1) == "topic" or roles.get(place + 1) in {"thing", "topic"}


def _mended(tokens: Sequence[str], roles: Mapping[int, Role], place: int) -> bool:
    for step in (-1, 1):
        for distance in range(1, _MENDED_WITHIN + 2):
            near = place + step * distance
            if not 0 <= near < len(tokens) or tokens[near][0] in _SENTENCE_ENDS:
                break
            if roles.get(near) == "mended":
                return True
    return False


def _plain_questions(tokens: Sequence[str], roles: Mapping[int, Role]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each sentence that begins as a question and ends as one."""
    start = 0
    for place, token in enumerate(tokens):
        if token[0] in _SENTENCE_ENDS:
            if "?" in token and start < place and roles.get(start) == "asks":
                yield start, place
            start = place + 1


def _stems(token: str) -> Iterator[str]:
    return (f"{token[:end]}*" for end in range(len(token), 2, -1))
