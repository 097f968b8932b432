"""Pasted tables with commas between their cells: there a comma is no part of a number."""

import re
from typing import Final

from understanding.signals.entities.found import Scan

_FEWEST_COMMAS: Final = 2
_FEWEST_LINES: Final = 2
_HAS_DIGIT: Final = re.compile(r"[0-9]")


def parted(scanned: Scan) -> str:
    """Return the text's lower form with `|` for each comma between cells.

    A table is two lines or more that all have as many commas, the first of them a heading without digits.
    """
    text, lower = scanned.text, scanned.lower
    if text.count(",") < _FEWEST_LINES * _FEWEST_COMMAS or "\n" not in text:
        return lower
    pieces: list[str] = []
    block: list[str] = []
    place = 0
    for line in text.split("\n"):
        own = lower[place : place + len(line)]
        place += len(line) + 1
        commas = line.count(",")
        if block and commas != block[0].count(","):
            pieces += _lines(block)
            block = []
        if block or (commas >= _FEWEST_COMMAS and not _HAS_DIGIT.search(line)):
            block.append(own)
        else:
            pieces.append(own)
    return "\n".join([*pieces, *_lines(block)])


def _lines(block: list[str]) -> list[str]:
    return block if len(block) < _FEWEST_LINES else [line.replace(",", "|") for line in block]
