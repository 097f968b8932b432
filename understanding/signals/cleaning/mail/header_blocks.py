"""The block of From, Sent, To and Subject that mail programs put above an earlier message.

Web forms and travellers write such lines too, and forwarded messages have the same block. So a block counts as a
quotation's only if something says that it stands above a help desk's own mail.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from understanding.signals.cleaning.mail.attributions import Grade
from understanding.signals.cleaning.mail.letter_words import CONTACT_LABELS
from understanding.signals.cleaning.mail.quotation_words import (
    DESK_GETS,
    DESK_SENDS,
    FORWARD_PREFIXES,
    HEADERS,
    REPLY_PREFIXES,
    folded,
    one_of,
)

_LONGEST_HEADER: Final = 600
_LONGEST_LABEL: Final = 25
_MOST_LINES: Final = 14
_LEAST_KINDS: Final = 3
_ALL_KINDS: Final = 4
_TELLING: Final = frozenset(("from", "sent", "date", "to", "subject"))
_DOMAIN: Final = re.compile(r"@[\w.-]{1,120}")
_ADDRESS: Final = re.compile(r"([^\s<>()\[\]@:]{1,64})@([\w.-]{0,120})")
_LONGEST_CODE: Final = 3  # letters of a country or language in an address: de.support@
_PREFIX: Final = re.compile(
    r"\s{0,3}([^\W\d_]{1,12})\s?(?:\[[0-9]{1,3}\]|\([0-9]{1,3}\)|[0-9]{1,2})?\s?[:\uff1a]"
)
_LABELLED: Final = re.compile(r"\W{0,3}([^\W\d_][^:\uff1a]{0,30}?)\s?[:\uff1a](?!//)")


class Block(NamedTuple):
    """A block of headers up to the line `end`; `values` by kind."""

    end: int
    values: Mapping[str, str]

    @property
    def subject(self) -> str:
        """Return the subject without its prefixes, in lower case."""
        return without_prefixes(self.values.get("subject", "")).lower()


def block_at(lines: Sequence[str], at: int) -> Block | None:
    """Return the block of headers that begins with the line `at`; None if there is none, or if it is a form's."""
    if _header(lines[at]) is None:
        return None
    values: dict[str, str] = {}
    end, here = at, at
    while here < min(len(lines), at + _MOST_LINES):
        found = _header(lines[here])
        if found is not None:
            if found[0] in values and found[0] != "other":
                break
            values[found[0]] = found[1]
            end = here + 1
        elif (lines[here].strip() and not _continues(lines[here], values)) or (
            not lines[here].strip() and here >= end + 1
        ):
            break
        here += 1
    kinds = _TELLING.intersection(values)
    if len(kinds) < _LEAST_KINDS or "from" not in kinds or not kinds & {"subject", "sent"}:
        return None
    return None if _is_form(lines, at, end, values) else Block(end, values)


def _header(line: str) -> tuple[str, str] | None:
    """Return kind and value of a mail's header; None if the line is none."""
    if len(line) > _LONGEST_HEADER:
        return None
    label, colon, value = line.partition(":")
    if not colon or "\uff1a" in label:
        label, colon, value = line.partition("\uff1a")
    kind = HEADERS.get(folded(label.strip(" *_\t"))) if colon and len(label) <= _LONGEST_LABEL else None
    return None if kind is None else (kind, value.strip(" *_\t"))


def _continues(line: str, values: dict[str, str]) -> bool:
    """Return whether a line goes on with the list of recipients above it."""
    return (
        bool(values)
        and next(reversed(values)) in {"to", "other"}
        and "@" in line
        and line.rstrip()[-1] in ">;,"
    )


def _is_form(lines: Sequence[str], at: int, end: int, values: Mapping[str, str]) -> bool:
    """Return whether lines with other labels join the block, as in a web form."""
    if end < len(lines) and _other_label(lines[end]):
        return True
    outlook = "sent" in values and len(_TELLING.intersection(values)) == _ALL_KINDS
    return at > 0 and not outlook and _other_label(lines[at - 1])


def _other_label(line: str) -> bool:
    labelled = _LABELLED.match(line)
    return (
        labelled is not None and folded(labelled[1]) not in CONTACT_LABELS and not line.rstrip().endswith(":")
    )


def grade_of(block: Block, *, below_separator: bool) -> Grade | None:
    """Return how sure it is that the block stands above a desk's own mail; None where it is a forwarded one."""
    recipient = block.values.get("to", "")
    prefix = prefix_of(block.values.get("subject", ""))
    if _from_desk(block.values):
        return Grade.SURE
    if prefix in FORWARD_PREFIXES or one_of(DESK_GETS, _DOMAIN.sub(" ", recipient)):
        return None
    if prefix in REPLY_PREFIXES and recipient:
        return Grade.SURE
    outlook = "sent" in block.values and _TELLING.intersection(block.values) >= {"from", "to", "subject"}
    return Grade.UNSURE if below_separator or outlook else Grade.NONE


def _from_desk(values: Mapping[str, str]) -> bool:
    """Return whether the sender's address is a desk's, or its whole name; people are called Care or Hilfe."""
    sender = values["from"]
    if "@" in sender:
        return any(_is_desk(*address.groups()) for address in _ADDRESS.finditer(sender))
    return bool(sender) and all(one_of(DESK_SENDS, word) for word in sender.split())


def _is_desk(local: str, domain: str) -> bool:
    """Return whether an address is a desk's: `nordlys.service@nordlys.example`, and not `peter.service@`."""
    words = [folded(word) for word in local.split(".") if word]
    named = [word for word in words if not one_of(DESK_SENDS, word)]
    return len(named) < len(words) and all(
        len(word) <= _LONGEST_CODE or word in folded(domain) or one_of(DESK_GETS, word) for word in named
    )


def prefix_of(subject: str) -> str:
    """Return what stands before the first colon of a subject, `re` or `fwd`; empty if nothing like it does."""
    prefix = _PREFIX.match(subject)
    return "" if prefix is None else folded(prefix[1])


def without_prefixes(subject: str) -> str:
    """Return the subject without `Re:`, `Fwd:` and the like."""
    while prefix_of(subject) in REPLY_PREFIXES | FORWARD_PREFIXES:
        subject = subject[_PREFIX.match(subject).end() :]  # type: ignore[union-attr]  # it has a prefix
    return subject.strip()
