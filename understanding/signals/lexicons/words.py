"""A text as words and the breaks between them: what urgency, complexity and keywords are read from."""

import re
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(r"[^\W_]+(?:['-](?!s\b)[^\W_]+)*|[.,;:!?()\n\"/]")


class Words(NamedTuple):
    """`tokens` in lower case, with punctuation and line breaks as tokens of their own; `distinct` of them."""

    tokens: list[str]
    distinct: frozenset[str]


def words_of(lower: str) -> Words:
    """Return the words of a scanned text's lower form."""
    tokens = tokens_of(lower)
    return Words(tokens, frozenset(tokens))


def tokens_of(lower: str) -> list[str]:
    """Return the tokens of a scanned text's lower form."""
    return _TOKEN.findall(lower)
