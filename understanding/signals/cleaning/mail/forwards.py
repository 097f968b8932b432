"""A message that somebody only passes on: the ticket is about what stands below the note and the headers."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from understanding.signals.cleaning.mail.header_blocks import (
    Block,
    block_at,
    prefix_of,
    without_prefixes,
)
from understanding.signals.cleaning.mail.introductions import Introduction
from understanding.signals.cleaning.mail.quotation_words import FORWARD_PREFIXES, hands_over

_CLAUSE_END: Final = re.compile(r"[.!?:;,\u3002\uff01\uff1f\uff0c\u3001]+\s*|\n")
_FEW_WORDS: Final = 3  # of a greeting, a name or thanks
_LOOKED_AHEAD: Final = 3  # lines between a program's "Forwarded message" and the headers


class Forwarded(NamedTuple):
    """Where the passed-on message's own lines begin, and its subject without `Fwd:` and the like."""

    start: int
    subject: str


def passed_on(lines: Sequence[str], told: Sequence[int], found: Introduction) -> Forwarded | None:
    """Return what is passed on below an introduction; None where the lines `told` above it say more than that.

    Each clause above asks somebody to see to it, or is a greeting; the ticket's own subject counts as none.
    """
    above = told[1:] if told[:1] == [0] and prefix_of(lines[0]) in FORWARD_PREFIXES else told
    clauses = _CLAUSE_END.split("\n".join(lines[at].lower() for at in above))
    if not all(len(clause.split()) <= _FEW_WORDS or hands_over(clause) for clause in clauses):
        return None
    block = found.block or _block_below(lines, found.end)
    start = found.end if block is None else max(found.end, block.end)
    if not any(any(map(str.isalnum, line)) for line in lines[start:]):
        return None
    return Forwarded(start, "" if block is None else without_prefixes(block.values.get("subject", "")))


def _block_below(lines: Sequence[str], at: int) -> Block | None:
    following = next(
        (here for here in range(at, min(at + _LOOKED_AHEAD, len(lines))) if lines[here].strip()), None
    )
    return None if following is None else block_at(lines, following)
