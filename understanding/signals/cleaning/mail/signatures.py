"""Finds the signature below a message: a closing or a rule with names and addresses, and a device's own line.

Customers write order numbers and requests below their name, so a line goes only if it looks like part of a signature.
"""

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from understanding.signals.cleaning.mail.letter_words import (
    ASKS,
    ASKS_INSIDE,
    CONTACT_LABELS,
    FAMILY_NAMES,
    PARTICLES,
    VALEDICTIONS,
    announces,
)
from understanding.signals.cleaning.mail.quotation_words import (
    DEVICE_AROUND,
    DEVICE_ENDS,
    DEVICE_NAMES,
    DEVICE_STARTS,
    UNSPACED_FROM,
    folded,
)

_LONGEST_VALEDICTION: Final = 60
_MOST_LINES: Final = 12  # lines with content in which a signature is looked for
_MOST_NAME_WORDS: Final = 7
_MOST_DEVICE_WORDS: Final = 9
_FEW_WORDS: Final = 4
_SENTENCE: Final = 3  # words in lower case behind a device's name
_MOST_NAMES: Final = 3  # lines with name, title and firm; more without a telephone or address are a list
_LONGEST_DEVICE_LINE: Final = 160
_ENDS: Final = " \t,.!:;-\u2013\u3002\uff0c\uff01\u3001\uff1a\uff5e~"
_RULE: Final = "-- "
_BARE_RULES: Final = frozenset(("--", "\u2014", "\u2013\u2013"))
_PHONE: Final = re.compile(
    r"(?:([^\W\d_]{1,12}\.?)\s?[:.]?\s{0,3})?"
    r"(?:[+(][0-9 ()/.-]{5,25}|0[0-9]{0,5}[ ()/.-][0-9 ()/.-]{3,20}|0[0-9]{8,14})"
)
_LABELLED_PHONE: Final = re.compile(r"([^\W\d_]{1,12}\.?)\s?[:.]\s{0,3}[0-9 ()/.-]{6,25}")
_ADDRESS: Final = re.compile(
    r"(?:([^\W\d_-]{1,12}(?:-?mail)?\.?)\s?[:.]\s{0,3})?<?(?:mailto:|https?://)?(?:\S{1,64}@\S{1,120}|www\.\S{3,200}|[\w-]{1,60}(?:\.[\w-]{1,60}){1,4}/?)>?",
    re.IGNORECASE,
)
_ITEM: Final = re.compile(r"\s{0,9}(?:[0-9]{1,2}[.)]|[-*\u2022])\s")
# Given and family name apart, or a common family name first: a short sentence looks the same otherwise.
_UNSPACED_NAME: Final = re.compile(
    f"[\u3400-\u9fff]{{1,4}}\\s[\u3400-\u9fff\u3040-\u30ff]{{1,5}}|[{FAMILY_NAMES}][\u3400-\u9fff\uac00-\ud7af]{{1,2}}"
)
_DEVICE_BEGINS: Final = (*DEVICE_STARTS, *DEVICE_AROUND)
_WORD: Final = re.compile(r"[^\W\d_]+")
_LINK: Final = re.compile(r"<?https?://\S+")
_NUMBER: Final = re.compile(r"[0-9]{3}")
_LONG_NUMBER: Final = re.compile(r"[0-9]{6}")  # longer than a postal code


def signature_lines(lines: Sequence[str]) -> frozenset[int]:
    """Return which of a message's lines are its signature or were added by a device."""
    told = [at for at, line in enumerate(lines) if any(map(str.isalnum, line)) or _is_rule(line)]
    last = told[-_MOST_LINES:]
    devices = {at for at in last[-_FEW_WORDS:] if is_device_line(lines[at].strip())}
    last = [at for at in last if at not in devices]
    return frozenset(devices.union(_below_rule(lines, last) or _below_closing(lines, last)))


def is_device_line(line: str) -> bool:
    """Return whether a mail program or device wrote the line."""
    lower = folded(line) if len(line) <= _LONGEST_DEVICE_LINE else ""
    if not lower.startswith(_DEVICE_BEGINS) and not lower.rstrip(".").endswith(DEVICE_ENDS):
        return False
    lower = _LINK.sub("", lower).strip()
    if _goes_on(line, lower):
        return False
    words = len(lower.split())
    if words > _MOST_DEVICE_WORDS or lower.endswith(("?", "!")):
        return False
    ends = lower.rstrip(".").endswith(DEVICE_ENDS) and (
        words <= _FEW_WORDS or lower.startswith(DEVICE_AROUND)
    )
    return (ends or lower.startswith(DEVICE_STARTS)) and any(map(lower.__contains__, DEVICE_NAMES))


def _goes_on(line: str, lower: str) -> bool:
    """Return whether a sentence goes on behind the last device's name: "Sent from my iPhone because ..."."""
    behind = max((lower.rfind(name) + len(name) for name in DEVICE_NAMES if name in lower), default=len(line))
    words: list[str] = _WORD.findall(line[behind:])
    return sum(word[0].islower() and word not in DEVICE_NAMES for word in words) >= _SENTENCE


def _is_rule(line: str) -> bool:
    return line == _RULE or line.strip() in _BARE_RULES


def _below_rule(lines: Sequence[str], last: Sequence[int]) -> set[int]:
    """Return the rule and what is below it; none where that goes on with the message."""
    place = next((place for place, at in enumerate(last) if _is_rule(lines[at])), None)
    if place is None or place == 0:
        return set()
    below = last[place + 1 :]
    if lines[last[place]] == _RULE:
        gone = [at for at in below if not _says_something(lines[at])]
        return {last[place], *gone} if gone or not below else set()
    return {last[place], *below} if all(_is_signature(lines[at]) for at in below) else set()


def _below_closing(lines: Sequence[str], last: Sequence[int]) -> set[int]:
    """Return the closing and the names and addresses directly below it."""
    for place, at in enumerate(last):
        line = lines[at].strip()
        if len(line) > _LONGEST_VALEDICTION or folded(line.strip(_ENDS)) not in VALEDICTIONS or at == 0:
            continue
        if place and announces(folded(lines[last[place - 1]])):
            return set()
        gone = set(_names_and_addresses(lines, last[place + 1 :]))
        if gone or place == len(last) - 1:
            return {at, *gone}
    return set()


def _names_and_addresses(lines: Sequence[str], below: Sequence[int]) -> Sequence[int]:
    """Return the lines of a signature directly below a closing; of a list of names only the first."""
    found = tuple(takewhile(lambda at: _is_closing(lines[at]) or _is_signature(lines[at]), below))
    names = [at for at in found if not _is_closing(lines[at]) and _contact(lines[at]) is None]
    if len(names) > _MOST_NAMES and len(names) == sum(not _is_closing(lines[at]) for at in found):
        return found[: found.index(names[0]) + 1]
    return found


def _is_closing(line: str) -> bool:
    return folded(line.strip(_ENDS)) in VALEDICTIONS


def _contact(line: str) -> re.Match[str] | None:
    """Match a line that is a telephone number or an address, 1 its label."""
    line = line.strip().strip("*_|")
    return _PHONE.fullmatch(line) or _LABELLED_PHONE.fullmatch(line) or _ADDRESS.fullmatch(line)


def _is_signature(line: str) -> bool:
    """Return whether a line is a name with titles, a telephone number, or an address."""
    line = line.strip().strip("*_|")
    if not line or line.endswith(("?", "\uff1f")):
        return not line
    contact = _contact(line)
    if contact is not None:
        return contact[1] is None or contact[1].lower() in CONTACT_LABELS
    return not any(map(str.isdigit, line)) and not _asks(line) and _looks_like_a_name(line)


def _looks_like_a_name(line: str) -> bool:
    words = _WORD.findall(line)
    if not words or len(words) > _MOST_NAME_WORDS:
        return False
    if any(word[0] >= UNSPACED_FROM for word in words):
        return _UNSPACED_NAME.fullmatch(line) is not None
    return all(not word[0].islower() or word in PARTICLES for word in words)


def _asks(line: str) -> bool:
    words = map(str.lower, _WORD.findall(line))
    return any(word in ASKS for word in words) or any(map(line.__contains__, ASKS_INSIDE))


def _says_something(line: str) -> bool:
    """Return whether a line below a mail program's rule asks or names a number, so that it is no mere signature."""
    if "?" in line or "\uff1f" in line or _requests(line) or _is_prose(line):
        return True
    if _is_signature(line):
        return False
    labelled = _LABELLED_PHONE.fullmatch(line.strip()) is not None
    return (
        labelled
        or _LONG_NUMBER.search(line) is not None
        or (_asks(line) and _NUMBER.search(line) is not None)
    )


def _is_prose(line: str) -> bool:
    """Return whether a line is an item of a list, or has the words in lower case that sentences have."""
    words = _WORD.findall(line)
    small = sum(word[0].islower() and word not in PARTICLES for word in words)
    unspaced = any(word[0] >= UNSPACED_FROM for word in words)
    return small >= _FEW_WORDS or _ITEM.match(line) is not None or (unspaced and not _is_signature(line))


def _requests(line: str) -> bool:
    first = _WORD.search(line.lower())
    return first is not None and first[0] in ASKS and first[0] not in CONTACT_LABELS
