"""Deterministic ids: everything derived from an event has an id that a second derivation gives again."""

from hashlib import blake2b


def derived_id(*parts: str | int) -> str:
    """Return the id of what `parts` (cause, stage, kind, ...) describe: 32 hex digits, equal for equal parts."""
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()
