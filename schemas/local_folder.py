"""Which folder an address names: the same in every layer, or one writes where the other does not look."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from schemas.errors import Permanent


class StorageUnsupported(Permanent):
    """A folder setting names a kind of storage that is neither local nor mounted."""


def local_folder(uri: str, setting: str) -> Path:
    """Return the absolute folder that `uri`, a path or a file: address, names. Raises StorageUnsupported."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).absolute()
    if "://" in uri:
        raise StorageUnsupported(
            f"{setting}={uri}: only local or mounted folders can be used; mount it and name the mount"
        )
    return Path(uri).absolute()
