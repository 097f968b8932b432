"""Cleaning: of generated mails of known parts, how many own words are lost and how many foreign ones are kept."""

from collections.abc import Iterator, Sequence
from typing import Final

from tests.bench.quality.registry import Row, at_most, reported
from tests.mails.counts import ALL, Counts, counted
from tests.mails.generator import mails
from understanding.signals.cleaning.message import clean_message

_SEED: Final = 2026
_EACH: Final = 20
_MOST_LOST: Final = 0.001
_MOST_KEPT: Final = 0.03


def measure() -> Sequence[Row]:
    """Return the two bars, then a row for each kind of mail, each language, and signatures."""
    counts = counted(mails(_SEED, _EACH), lambda text: clean_message(text).text)
    return [
        at_most(f"own words lost, of {counts.own[ALL]:,}", _MOST_LOST, counts.share_lost(ALL), digits=4),
        at_most(
            f"foreign words kept, of {counts.foreign[ALL]:,}", _MOST_KEPT, counts.share_kept(ALL), digits=4
        ),
        *_by_group(counts),
    ]


def _by_group(counts: Counts) -> Iterator[Row]:
    for group in sorted((counts.own | counts.foreign).keys() - {ALL}):
        lost, kept = counts.share_lost(group), counts.share_kept(group)
        yield reported(group, f"lost {lost:.4f}, kept {kept:.4f}")
