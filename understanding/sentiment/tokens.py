"""A text as a list of tokens: words with their apostrophes, emoticons, and runs of symbols and emoji."""

import re
from typing import Final

MOST_CHARACTERS: Final = 1_000
"""More of a text is not read: its feeling shows early, and a long one must not cost more than a mail."""

_NOISE: Final = re.compile(r"(?:https?|www\.)\S*|(?<!\S)[^\s@]*@\S*")
_NOISY: Final = ("@", "http", "www.")
"""A text without any of these has no noise."""

_TOKEN: Final = re.compile(
    r"[:;=8x][-o']?[)(\]\[dpo3/\\|*](?!\w)"  # an emoticon, before its letters are taken for words
    r"|<3+"
    r"|[^\W_]+(?:['\u2019`][^\W_]+)*"
    # A vowel sign or a virama is no letter of Python's, yet belongs to the word in the scripts of India.
    r"(?:[\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0962\u0963]+[^\W_]*)*"
    r"|[^\w\s]+",
)
_LONG_RUN: Final = re.compile(r"(.)\1{2,}", re.DOTALL)


def tokens_of(text: str) -> list[str]:
    """Return the tokens of a text, in order and in lower case, without links, addresses and users' names."""
    lower = text.lower()
    return _TOKEN.findall(_NOISE.sub(" ", lower) if any(map(lower.__contains__, _NOISY)) else lower)


def spellings(token: str) -> tuple[str, ...]:
    """Return a token and, where it is drawn out ("soooo"), the same with each long run as two and as one."""
    if not _LONG_RUN.search(token):
        return (token,)
    return token, _LONG_RUN.sub(r"\1\1", token), _LONG_RUN.sub(r"\1", token)
