"""How mail programs and help desks introduce an earlier message, in seventeen languages, ready to be looked up."""

import re
from typing import Final

from understanding.signals.lexicons.lexicon import lexicon, words_in

_LISTS: Final = lexicon("quotations")
UNSPACED_FROM: Final = "\u3000"
"""The first character of Japanese, Chinese and Korean, of which a word may hold several others."""


DECORATION: Final = "-_*#=~+\u2013\u2014\u2500\u2501\uff0d\uff1d "
"""What rules and delimiters are drawn with."""

COLONS: Final = (":", "\uff1a")

STARTS: Final = tuple(
    start if "\u4e00" <= start[-1] <= "\u9fff" else f"{start} " for start in _LISTS["attribution_starts"]
)
"""How the line that names date and author of a quoted message begins, in lower case, if not with the date itself."""

WEEKDAYS: Final = words_in(_LISTS["weekdays"])
FILLERS: Final = words_in(_LISTS["fillers"]) | WEEKDAYS
"""Words in lower case that are no part of the author's name."""

_VERBS: Final = tuple(sorted(_LISTS["wrote"], key=len, reverse=True))
ORIGINAL: Final = frozenset(_LISTS["original"])
"""What stands between dashes above an earlier message."""

FORWARDED: Final = tuple(_LISTS["forwarded"])
"""What stands there above a forwarded one."""

ABOVE_THIS_LINE: Final = tuple(sorted(_LISTS["above_this_line"], key=len, reverse=True))
"""What a help desk's delimiter says, beside its own words for replying."""

_DELIMITER_WORDS: Final = words_in(_LISTS["delimiter_words"])
_DELIMITER_WORDS_UNSPACED: Final = tuple(_LISTS["delimiter_words_unspaced"])
_LONGEST_UNSPACED: Final = 40  # characters of a delimiter where words run together

HEADERS: Final = {label: kind for kind, labels in _LISTS["headers"].items() for label in labels}
"""The kind of a mail's header (from, sent, date, to, subject, other) by its label."""

REPLY_PREFIXES: Final = words_in(_LISTS["reply_prefixes"])
FORWARD_PREFIXES: Final = words_in(_LISTS["forward_prefixes"])
"""How a subject begins, without the colon."""

DESK_SENDS: Final = words_in(_LISTS["desk_sends"])
DESK_GETS: Final = words_in(_LISTS["desk_gets"]) | DESK_SENDS
"""Words of the names and addresses of businesses, as senders and as recipients."""

_POINTS_BELOW: Final = tuple(_LISTS["points_below"])
_HANDS_OVER: Final = (*_POINTS_BELOW, *_LISTS["hands_over"])
_ANSWERS_BELOW: Final = re.compile(
    "|".join(
        re.escape(words)
        if words[-1] >= UNSPACED_FROM or not words[0].isalpha()
        else rf"\b{re.escape(words)}\b"
        for words in _LISTS["answers_below"]
    )
)

DEVICE_STARTS: Final = tuple(_LISTS["device_starts"])
DEVICE_AROUND: Final = tuple(_LISTS["device_around"])
DEVICE_ENDS: Final = tuple(_LISTS["device_ends"])
DEVICE_NAMES: Final = tuple(_LISTS["device_names"].split())
"""Parts of the line that a device or mail program adds."""


def folded(text: str) -> str:
    """Return the text in lower case; a Turkish capital I with its dot becomes a plain one."""
    return text.lower().replace("i\u0307", "i")


def verb_in(lower: str) -> tuple[int, int] | None:
    """Return where a text in lower case says that somebody wrote, as start and end; None if it does not."""
    for verb in _VERBS:
        start = lower.find(verb)
        if start >= 0:
            around = lower[max(0, start - 1) : start] + lower[start + len(verb) : start + len(verb) + 1]
            if verb[0] >= UNSPACED_FROM or not any(map(str.isalpha, around)):
                return start, start + len(verb)
    return None


def is_delimiter(lower: str) -> bool:
    """Return whether a text in lower case is a help desk's "please reply above this line", and no word more."""
    phrase = next((phrase for phrase in ABOVE_THIS_LINE if phrase in lower), None)
    if phrase is None:
        return False
    if phrase[-1] >= UNSPACED_FROM:
        return len(lower) <= _LONGEST_UNSPACED and any(map(lower.__contains__, _DELIMITER_WORDS_UNSPACED))
    others = re.findall(r"[^\W\d_]+", lower.replace(phrase, " ", 1))
    return _DELIMITER_WORDS.issuperset(others)


def points_below(lower: str) -> bool:
    """Return whether a note in lower case asks for the text below to be read, or says that answers stand in it."""
    return any(map(lower.__contains__, _POINTS_BELOW)) or _ANSWERS_BELOW.search(lower) is not None


def hands_over(lower: str) -> bool:
    """Return whether a clause in lower case asks somebody to see to what is forwarded."""
    return any(map(lower.__contains__, _HANDS_OVER))


def one_of(words: frozenset[str], text: str) -> bool:
    """Return whether a word of the set is in the text; where words are not separated, whether it begins with one."""
    return any(
        word in words or (word[0] >= UNSPACED_FROM and any(map(word.__contains__, _UNSPACED & words)))
        for word in re.findall(r"[^\W\d_]+", folded(text))
    )


_UNSPACED: Final = frozenset(word for word in DESK_GETS if word[0] >= UNSPACED_FROM)
