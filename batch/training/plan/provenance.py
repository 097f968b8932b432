"""What made a model beside its rows: the version of our code, and of the libraries that compute."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

import understanding

_TRAINING: Final = Path(__file__).parents[1]
_DECIDES: Final = (Path(understanding.__path__[0]), _TRAINING, _TRAINING.with_name("sentiment"))
"""The packages that decide what a training makes; understanding cleans the texts that a model learns from."""

_LIBRARIES: Final = ("numpy", "scipy", "scikit-learn", "openvino", "sentencepiece")


@cache
def code_version() -> str:
    """Return the installed version of Ticketyard, and a sum of the code that trains and scores."""
    try:
        release = metadata.version("ticketyard")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        release = "uninstalled"
    digest = hashlib.sha256()
    for name, file in deciding_files():
        digest.update(name.encode() + b"\n" + file.read_bytes())
    return f"{release}+{digest.hexdigest()[:12]}"


def deciding_files() -> Iterator[tuple[str, Path]]:
    """Yield the code and word lists that the sum is over, each with its path in its package."""
    for folder in _DECIDES:
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".py", ".yaml"):
                yield file.relative_to(folder).as_posix(), file


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that decide a model's last digits."""
    return {name: metadata.version(name) for name in _LIBRARIES}
