"""Counts what a reading of mails lost of the customers' own words, and what it kept of others'."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.mails.generator import Block, Mail

_WORD: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


@dataclass
class Counts:
    """Words by the name of a group: own ones and how many were lost, foreign ones and how many were kept."""

    own: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    foreign: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def share_lost(self, group: str) -> float:
        """Return the part of the group's own words that was lost."""
        return self.lost[group] / max(1, self.own[group])

    def share_kept(self, group: str) -> float:
        """Return the part of the group's foreign words that was kept."""
        return self.kept[group] / max(1, self.foreign[group])


ALL: Final = "all"


def counted(mails: Iterable[Mail], read: Callable[[str], str]) -> Counts:
    """Return the counts by kind, by language, and of signatures; `read` returns what a mail's sender wrote."""
    counts = Counts()
    for mail in mails:
        found = f" {' '.join(_WORD.findall(read(mail.text)))} "
        for block in mail.blocks:
            _count(counts, mail, block, found)
    return counts


def _count(counts: Counts, mail: Mail, block: Block, found: str) -> None:
    if block.role == "neither":
        return
    groups = [
        ALL,
        f"kind: {mail.kind}",
        f"language: {mail.language}",
        *(("part: signature",) if block.signs else ()),
    ]
    for line in block.lines:
        words = _WORD.findall(line)
        there = f" {' '.join(words)} " in found
        for group in groups:
            if block.role == "own":
                counts.own[group] += len(words)
                counts.lost[group] += 0 if there else len(words)
            else:
                counts.foreign[group] += len(words)
                counts.kept[group] += len(words) if there else 0
