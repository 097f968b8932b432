"""Arrays and plain values in a skops file, byte-identical for equal content, and read without trusting it."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from understanding.arrays.errors import BundleError

_SCHEMA: Final = "schema.json"
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can name


def dump_arrays(state: dict[str, Any]) -> bytes:
    """Return `state` (arrays, numbers, strings, lists, dicts) as a skops file; equal states give equal bytes.

    skops names its members by memory address and stamps them with the clock; both are replaced here.
    Nothing is compressed, since that would depend on the version of zlib, cost seconds, and save little.
    """
    import skops.io  # noqa: PLC0415 - it imports all of scikit-learn, which only training needs

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(state))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names: dict[Any, Any] = {}
    schema = _renumbered(json.loads(members.pop(_SCHEMA)), names)
    contents = {names[name]: data for name, data in members.items()}
    contents[_SCHEMA] = json.dumps(schema, sort_keys=True, separators=(",", ":")).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            archive.writestr(zipfile.ZipInfo(name, date_time=_LONG_AGO), contents[name])
    return buffer.getvalue()


def load_arrays(data: bytes, *, source: str) -> dict[str, Any]:
    """Read what `dump_arrays` returned; BundleError where it holds any type but arrays and plain values.

    The few kinds of node are read here and not by skops, which can build many more types than a bundle may
    hold, and brings scikit-learn and pandas along: seconds at the start of every worker.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            state = _value(json.loads(archive.read(_SCHEMA)), archive, source)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise BundleError(f"{source}: not a skops file of this version ({error}); train again") from error
    if not isinstance(state, dict):
        raise BundleError(f"{source}: holds {type(state).__name__} where a dict belongs; train again")
    return state


def _value(node: dict[str, Any], archive: zipfile.ZipFile, source: str) -> Any:
    """Build the value that a node of a skops schema describes."""
    kind = node["__loader__"]
    if kind == "DictNode":
        return {key: _value(part, archive, source) for key, part in node["content"].items()}
    if kind == "ListNode":
        return [_value(part, archive, source) for part in node["content"]]
    if kind == "JsonNode":
        return json.loads(node["content"])
    if kind == "NdArrayNode" and node["type"] == "numpy":
        return np.load(io.BytesIO(archive.read(node["file"])), allow_pickle=False)
    raise BundleError(f"{source}: holds a type that a bundle never has ({kind}); delete the bundle")


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _renumbered(node: Any, names: dict[Any, Any]) -> Any:
    """Copy a schema with ids and file names replaced by their order of appearance, remembered in `names`."""
    if isinstance(node, list):
        return [_renumbered(part, names) for part in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _renumbered(value, names) for key, value in node.items() if key not in ("__id__", "file")}
    if "file" in node:
        copy["file"] = names.setdefault(node["file"], f"{len(names)}.npy")
    if "__id__" in node:
        copy["__id__"] = names.setdefault(node["__id__"], len(names))
    return copy
