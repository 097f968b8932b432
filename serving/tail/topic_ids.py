"""Compares topic ids in whatever form they come: Kafka prints their 128 bits as base64, most clients as a UUID."""

from base64 import urlsafe_b64decode
from uuid import UUID


def same_topic_id(one: str, other: str) -> bool:
    """Return whether two spellings name the same topic id."""
    return one == other or _bits(one) == _bits(other)


def _bits(text: str) -> bytes:
    """Return the 128 bits that `text` spells; what spells none is only equal to itself."""
    try:
        return UUID(text).bytes
    except ValueError:
        pass
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return text.encode()
