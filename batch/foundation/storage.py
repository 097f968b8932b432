"""Files that appear whole or not at all, whenever the process dies."""

import os
import tempfile
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

from batch.foundation.errors import CommitConflict, FoldersNested


def refuse_nested(folders: Mapping[str, Path]) -> None:
    """Raise FoldersNested where two of the folders, each under its setting's name, share any file.

    Whoever tidies up in one of them must never meet what the other keeps.
    """
    for (one, first), (other, second) in combinations(folders.items(), 2):
        inner, outer = first.resolve(), second.resolve()
        if inner.is_relative_to(outer) or outer.is_relative_to(inner):
            raise FoldersNested(
                f"{one}={first} and {other}={second}: the same folder, or one lies in the other; "
                "give each a folder of its own"
            )


def write_new(path: Path, data: bytes) -> None:
    """Create a file with this content, of which no reader ever sees a part.

    Raises CommitConflict if it is there already: of two writers exactly one makes it.
    """
    partial = _write_beside(path, data)
    try:
        os.link(partial, path)  # a rename would replace the other writer's file without a word
    except FileExistsError as error:
        raise CommitConflict(
            f"{path} was written by another process meanwhile: run the command again, it goes on from there"
        ) from error
    finally:
        partial.unlink()
    sync(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Give a file this content; a reader sees the old one or the new one, never a part."""
    partial = _write_beside(path, data)
    partial.replace(path)
    sync(path.parent)


def sync_files(folder: Path) -> None:
    """Bring every file below a folder, and the folders themselves, safely to the disk."""
    for path in (*folder.rglob("*"), folder):
        sync(path)


def _write_beside(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial = Path(name)
    partial.chmod(0o644)
    return partial


def sync(path: Path) -> None:
    """Bring a file, or a folder's list of files, safely to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
