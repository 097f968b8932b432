"""What made a model beside its rows: the version of our code, and of the libraries that compute."""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Final

import batch.training
import schemas.model

_DECIDES: Final = (schemas.model, batch.training)
"""The packages whose code decides what a training makes."""

_LIBRARIES: Final = ("numpy", "scipy", "scikit-learn", "openvino", "tokenizers")


@cache
def code_version() -> str:
    """Return the installed version of Ticketyard, and a sum of the code that trains and scores."""
    try:
        release = metadata.version("ticketyard")
    except metadata.PackageNotFoundError:  # run from a checkout that is not installed
        release = "uninstalled"
    digest = hashlib.sha256()
    for package in _DECIDES:
        folder = Path(package.__path__[0])
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\n" + file.read_bytes())
    return f"{release}+{digest.hexdigest()[:12]}"


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that decide a model's last digits."""
    return {name: metadata.version(name) for name in _LIBRARIES}
