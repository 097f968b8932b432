"""What a file is known by: the sum of its bytes."""

import hashlib
from pathlib import Path


def file_sum(path: Path) -> str:
    """Return the sha256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_id(sum_: str) -> str:
    """Return the short form of a file's sum that ids may carry as {file_id}: 12 hex digits."""
    return sum_[:12]
