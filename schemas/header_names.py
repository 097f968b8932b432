"""Names of Kafka headers that are no text: Kafka takes any bytes, Python's clients only UTF-8."""

from typing import Final, Self

UNREADABLE_NAME: Final = "header-name-is-not-utf-8"
"""Stands for the name of a header that is not UTF-8; an event with such a header is refused, wherever it is read."""


class LenientBytes(bytearray):
    """Bytes that read as UNREADABLE_NAME where they are not UTF-8, as do the slices of them.

    A client's record parser that is given these instead of plain bytes reads past such a name, which would
    otherwise stop it at this record for ever.
    """

    def __getitem__(self, key: int | slice) -> "int | Self":  # type: ignore[override]  # slices are lenient as well
        """Return one byte, or a lenient slice."""
        found = super().__getitem__(key)
        return found if isinstance(found, int) else type(self)(found)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the text, or UNREADABLE_NAME where there is none."""
        try:
            return super().decode(encoding, errors)
        except UnicodeDecodeError:
            return UNREADABLE_NAME
