"""Automatic and unsolicited mail: how many of the tests' own examples get the right mark."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from schemas.marks import AUTOMATIC_REPLY, DELIVERY_FAILURE, SPAM
from tests.bench.quality.registry import Row, at_least
from understanding.signals.cleaning.message import clean_message

_EXAMPLES: Final = Path(__file__).parents[2] / "unit" / "understanding" / "signals" / "quality_examples.yaml"
_MARKS: Final = frozenset((AUTOMATIC_REPLY, DELIVERY_FAILURE, SPAM))


def measure() -> Sequence[Row]:
    """Return a row for each mark, and one for the messages that must have none."""
    examples: dict[str, list[str]] = yaml.safe_load(_EXAMPLES.read_text(encoding="utf-8"))
    return [
        at_least(
            f"{mark}: right of {len(texts)}", 1.0, sum(_right(mark, text) for text in texts) / len(texts)
        )
        for mark, texts in examples.items()
    ]


def _right(mark: str, text: str) -> bool:
    return _MARKS & set(clean_message(text).marks) == {mark} - {"none"}
