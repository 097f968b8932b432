"""Deterministic ids: deriving something from an event a second time gives it the same id."""

from hashlib import blake2b


def derived_id(*parts: str | int) -> str:
    """Return the id of what `parts` (cause, stage, kind, ...) describe: 32 hex digits, equal for equal parts."""
    # Lengths, not a separator: ids from outside may hold any character, and no two lists of parts may look alike.
    text = "".join([f"{len(part)}:{part}" for part in map(str, parts)])
    return blake2b(text.encode(), digest_size=16).hexdigest()
