"""Names of Kafka headers that are not text: Kafka takes any bytes, and Python's clients stop at bad UTF-8."""

from collections.abc import Iterable
from typing import Final, Self, SupportsIndex, overload

UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands in a header's name for bytes that are not UTF-8, as Java's clients, and so Spark, read them."""


def has_unreadable(names: Iterable[str]) -> bool:
    """Tell whether one of the names was not UTF-8; an event with such a header is refused, wherever it is read."""
    return UNREADABLE in "".join(names)


class LenientBytes(bytearray):
    """Bytes that decode with UNREADABLE where they are not UTF-8; their slices do the same.

    A client's record parser that is given these instead of plain bytes reads past such a name, which would
    otherwise stop it at this record for ever.
    """

    @overload
    def __getitem__(self, key: SupportsIndex) -> int: ...

    @overload
    def __getitem__(self, key: slice) -> Self: ...

    def __getitem__(self, key: SupportsIndex | slice) -> int | Self:
        """Return one byte, or a lenient slice."""
        found = super().__getitem__(key)
        return found if isinstance(found, int) else type(self)(found)

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        """Return the text; bytes that are not UTF-8 are replaced unless `errors` says otherwise."""
        return super().decode(encoding, errors)
