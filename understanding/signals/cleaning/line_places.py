"""Where the lines of a cleaned message stand in the text as it was sent."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple, Self

from understanding.signals.cleaning.html_text import MAX_RAW, Page

_LINE_END: Final = re.compile("\r\n?|[\n\u2028\u2029]")
_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class LinePlaces(NamedTuple):
    """Offsets in the text as sent, `length` characters long, by number of the line."""

    starts: Sequence[int]
    length: int

    @classmethod
    def of(cls, text: str, page: Page | None, *, first: int, lines: int) -> Self:
        """Return the places of so many lines from number `first` on, of a page or, without one, of a plain text."""
        lead = len(text) - len(text.lstrip())
        if page is None:
            ends = islice(_LINE_END.finditer(text, lead, lead + MAX_RAW), first + lines)
            starts = [lead, *(end.end() for end in ends)]
        else:
            pairs = [
                pair.start() - number - lead
                for number, pair in enumerate(_PAIR.finditer(text, lead, lead + MAX_RAW))
            ]
            starts = [lead + start + bisect_left(pairs, start) for start in page.starts]
        return cls(starts[first:], len(text))

    def start(self, line: int) -> int:
        """Return where a line begins; behind the last one, where the text ends."""
        return self.starts[line] if line < len(self.starts) else self.length
