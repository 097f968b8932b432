"""Takes quoted earlier messages and signatures out of a mail, line by line.

A customer's own words must never go, so doubt keeps text. What is forwarded stays: the sender wants it to be read.
The code is our own: docs/measurements/signals.md says how four kept libraries did. Each line is looked at a bounded
number of times.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from schemas.marks import QUOTED_ONLY, QUOTED_REPLY, SIGNATURE
from understanding.signals.cleaning.mail.attributions import Grade, tells_a_story
from understanding.signals.cleaning.mail.forwards import Forwarded, passed_on
from understanding.signals.cleaning.mail.header_blocks import prefix_of
from understanding.signals.cleaning.mail.introductions import (
    Introduction,
    Kind,
    introduction_at,
    may_introduce,
)
from understanding.signals.cleaning.mail.quotation_words import (
    COLONS,
    DECORATION,
    FORWARD_PREFIXES,
    points_below,
)
from understanding.signals.cleaning.mail.signatures import is_device_line, signature_lines

_LITTLE: Final = (
    80  # characters; with less above an unsure cut, and less than the share below, the whole stays
)
_LITTLE_SHARE: Final = 0.2
_SHORT_NOTE: Final = 160  # characters in which somebody asks for the text below to be read
_BROKEN_AT: Final = 60  # characters; programs break lines at 65 to 78
_LONGEST_GREETING: Final = 5  # words
_MOST_GREETINGS: Final = 2  # lines; a device's own line may stand there too


class LineCut(NamedTuple):
    """Lines that were taken out: from `start` up to, and without, `end`."""

    kind: str
    start: int
    end: int


class Stripped(NamedTuple):
    """The lines that the sender wrote, by number, the marks of what was taken out, and where that stood.

    `forwarded` is what the sender only passes on; all its lines are among `lines`.
    """

    lines: tuple[int, ...]
    marks: tuple[str, ...] = ()
    cuts: tuple[LineCut, ...] = ()
    forwarded: Forwarded | None = None


def strip_replies(lines: Sequence[str], *, by_markup: bool = False) -> Stripped:
    """Return the lines without quoted messages and signatures; all lines if nothing else is in them.

    `by_markup` says that the lines were HTML, where a blockquote became `> `.
    """
    everything = tuple(range(len(lines)))
    if len(lines) == 1:
        return Stripped(everything, (QUOTED_ONLY,) if lines[0].startswith("> ") else ())
    walk = _Walk(lines, by_markup=by_markup)
    if may_introduce(lines):
        walk.run()
    else:
        walk.kept.extend(everything)
    unquoted = walk.kept
    if not _has_content(lines, unquoted):
        return Stripped(everything, (QUOTED_ONLY,) if len(unquoted) < len(lines) else ())
    gone = (
        frozenset(unquoted[at] for at in signature_lines([lines[at] for at in unquoted]))
        if walk.own_end
        else ()
    )
    own = [at for at in unquoted if at not in gone]
    if not _has_content(lines, own):
        own, gone = unquoted, ()
    quoted = (*_ranges(QUOTED_REPLY, lines, set(everything).difference(unquoted)),)
    signed = (*_ranges(SIGNATURE, lines, gone),)
    marks = (*((QUOTED_REPLY,) if quoted else ()), *((SIGNATURE,) if signed else ()))
    return Stripped(tuple(own), marks, (*quoted, *signed), walk.forwarded)


def _has_content(lines: Sequence[str], numbers: Sequence[int]) -> bool:
    return any(any(map(str.isalnum, lines[at])) for at in numbers)


def _ranges(kind: str, lines: Sequence[str], gone: Collection[int]) -> Iterator[LineCut]:
    """Yield the cuts that the numbers make; blank lines between two of them belong to one."""
    start = end = -1
    for at in sorted(gone):
        if end >= 0 and not any(lines[between].strip() for between in range(end, at)):
            end = at + 1
            continue
        if end >= 0:
            yield LineCut(kind, start, end)
        start, end = at, at + 1
    if end >= 0:
        yield LineCut(kind, start, end)


class _Walk:
    """Goes through the lines once; `kept` are the numbers of those that stay, `own_end` whether they end the mail."""

    def __init__(self, lines: Sequence[str], *, by_markup: bool) -> None:
        self.lines = lines
        self._by_markup = by_markup
        self.kept: list[int] = []
        self.own_end = True
        self.forwarded: Forwarded | None = None
        self._told: list[int] = []  # those of the kept lines that have content
        self._characters = 0  # in them
        self._attributed = False
        self._introduced = -1  # the line below the last introduction
        self._at = 0

    def run(self) -> None:
        """Look at each line."""
        while self._at < len(self.lines):
            line = self.lines[self._at].strip()
            if line.startswith(">"):
                self._pass_quoted()
            elif line and (found := introduction_at(self.lines, self._at, line)) is not None:
                self._pass_introduction(found)
            else:
                self._keep_to(self._at + 1)

    def _keep_to(self, end: int) -> None:
        """Keep the lines up to `end`, and go on there."""
        for at in range(self._at, end):
            line = self.lines[at].strip()
            self.kept.append(at)
            if any(map(str.isalnum, line)):
                self._told.append(at)
                self._characters += len(line)
        self._at = end

    def _pass_quoted(self) -> None:
        """Take out a run of lines that begin with `>`, or keep it where they are the customer's own."""
        end = self._at
        while end < len(self.lines) and self.lines[end].lstrip().startswith(">"):
            end += 1
        written = [self.lines[at].lstrip()[1:] for at in range(self._at, end)]
        introduced = self._attributed and self._at == self._introduced
        if not introduced and (_are_facts(written) or (not self._attributed and self._is_own(written, end))):
            self._keep_to(end)
        self._at = end

    def _is_own(self, written: Sequence[str], end: int) -> bool:
        """Return whether lines, `written` behind a `>` that nothing introduced, are the customer's own.

        `>>>` is a prompt, and people quote error messages. A mail's quotation quotes
        others, or the message begins with it and goes on between others; and a blockquote ends the message, unless
        a colon announces it.
        """
        if _is_introduced(written):
            return False
        if not all(line[:1] in {" ", ">", ""} for line in written):
            return True
        if any(line.lstrip().startswith(">") for line in written):
            return written[0].startswith(">>")
        if not self._by_markup:
            return not self._interleaved
        announced = bool(self._told) and self.lines[self._told[-1]].rstrip().endswith(COLONS)
        return announced or self._is_little() or any(line.strip() for line in self.lines[end:])

    @cached_property
    def _interleaved(self) -> bool:
        """Return whether the mail begins with quoted lines and has more of them below others, the customer's answers.

        Nothing says so, and people write lists like that: one line asks, or is as long as programs break them, and
        the answers are more than a little.
        """
        told = [line.strip() for line in self.lines if line.strip()]
        quoted = [line.startswith("> ") for line in told]
        if not quoted[0] or all(quoted):
            return quoted[0]
        own = sum(len(line) for line in told if not line.startswith(">"))
        return (
            True in quoted[quoted.index(False) :]
            and any(line.startswith("> ") and _is_a_mails(line) for line in told)
            and not _is_little(own, self.lines)
        )

    def _pass_introduction(self, found: Introduction) -> None:
        quoted = self._quoted_from(found.end)
        if found.kind is Kind.FORWARD or self._forwards(found, quoted=quoted):
            self.forwarded = passed_on(self.lines, self._told, found)
            self._keep_rest()
        elif quoted and found.grade is not Grade.NONE:
            self._attributed = True
            self._drop_rules_above()
            self._at = self._introduced = self._first_told(found.end)
        elif found.grade is Grade.NONE or (
            found.kind is Kind.ATTRIBUTION and tells_a_story(self.lines, self._at, found.end)
        ):
            self._keep_to(found.end)
        elif found.grade is Grade.UNSURE and self._is_little():
            self._keep_rest()
        elif self._is_top(found):
            self._at = found.end
        else:
            self._drop_rules_above()
            self._at = len(self.lines)

    def _first_told(self, at: int) -> int:
        while not self.lines[at].strip():
            at += 1
        return at

    def _quoted_from(self, at: int) -> bool:
        following = next((line for line in self.lines[at : at + 3] if line.strip()), "")
        return following.lstrip().startswith(">")

    def _forwards(self, found: Introduction, *, quoted: bool) -> bool:
        """Return whether the subject or the words above say that what follows is forwarded, or has answers in it."""
        if found.kind is Kind.DELIMITER:
            return False
        if quoted:  # answers between quoted lines stay, unless they have quotation marks themselves
            return self._characters <= _SHORT_NOTE and any(">>" in self.lines[at] for at in self._told)
        if prefix_of(self.lines[0]) in FORWARD_PREFIXES:
            return True
        if self._told and self.lines[self._told[-1]].rstrip().endswith(COLONS):
            return True
        if self._characters > _SHORT_NOTE:
            return False
        note = " ".join(self.lines[at].lower() for at in self._told)
        return points_below(note)

    def _keep_rest(self) -> None:
        self._keep_to(len(self.lines))
        self.own_end = False

    def _is_top(self, found: Introduction) -> bool:
        """Return whether nothing of the customer's own stands above: a greeting, or the ticket's subject, is none."""
        told = self._told[1:] if self._told[:1] == [0] and found.is_subject(self.lines[0]) else self._told
        below = any(self.lines[at].strip() for at in range(found.end, len(self.lines)))
        return (
            below
            and len(told) <= _MOST_GREETINGS
            and all(_is_greeting(self.lines[at].strip()) for at in told)
        )

    def _is_little(self) -> bool:
        return _is_little(self._characters, self.lines)

    def _drop_rules_above(self) -> None:
        """Take out the rules that a mail program draws above an introduction."""
        while self.kept and not self.lines[self.kept[-1]].strip(DECORATION):
            if self.kept[-1] != self._at - 1 and self.lines[self.kept[-1] + 1].strip(DECORATION):
                return
            self.kept.pop()


def _is_little(characters: int, lines: Sequence[str]) -> bool:
    return characters < _LITTLE and characters < _LITTLE_SHARE * sum(map(len, lines))


def _is_a_mails(line: str) -> bool:
    """Return whether a quoted line asks, or is as long as mail programs break lines."""
    return line.endswith(("?", "\uff1f")) or len(line) >= _BROKEN_AT


def _is_introduced(written: Sequence[str]) -> bool:
    """Return whether the quoted lines begin with their own introduction, as Apple's programs write it."""
    at = next((at for at, line in enumerate(written) if line.strip()), None)
    if at is None:
        return False
    found = introduction_at(written, at, written[at].strip())
    return found is not None and found.kind is not Kind.FORWARD and found.grade is not Grade.NONE


def _is_greeting(line: str) -> bool:
    return (
        line.endswith((",", "\uff0c", "\u3001")) and len(line.split()) <= _LONGEST_GREETING
    ) or is_device_line(line)


def _are_facts(written: Sequence[str]) -> bool:
    """Return whether each line compares: a number stands directly behind `>`, as in `>50 % of users`."""
    return all(line[:1].isdigit() for line in written)
