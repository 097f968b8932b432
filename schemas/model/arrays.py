"""Arrays and plain values in a skops file, byte-identical for equal content, and read without trusting it."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from schemas.model.errors import BundleError

_SCHEMA: Final = "schema.json"
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can name
_ALLOWED: Final = frozenset({"DictNode", "ListNode", "NdArrayNode", "JsonNode", "TypeNode"})


def dump_arrays(state: dict[str, Any]) -> bytes:
    """Return `state` (arrays, numbers, strings, lists, dicts) as a skops file; equal states give equal bytes.

    skops names its members by memory address and stamps them with the clock; both are replaced here.
    """
    import skops.io  # noqa: PLC0415 - it imports all of scikit-learn, which only training needs

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(state))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    names: dict[Any, Any] = {}
    schema = _renumbered(json.loads(members.pop(_SCHEMA)), names)
    contents = {names[name]: data for name, data in members.items()}
    contents[_SCHEMA] = json.dumps(schema, sort_keys=True, separators=(",", ":")).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(contents):
            archive.writestr(_member(name), contents[name])
    return buffer.getvalue()


def load_arrays(data: bytes, *, source: str) -> dict[str, Any]:
    """Read what `dump_arrays` returned; BundleError where it holds any type but arrays and plain values.

    The skops file is read here without skops: the few kinds of nodes that a bundle has need no type to be
    imported, so there is nothing to trust, and a worker starts in a tenth of the time and memory.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            schema = json.loads(archive.read(_SCHEMA))
            foreign = sorted(_loaders(schema) - _ALLOWED)
            if foreign:
                raise BundleError(
                    f"{source}: holds types that a bundle never has ({', '.join(foreign)}); delete it"
                )
            state = _value(schema, archive)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise BundleError(f"{source}: not a skops file of this version ({error}); train again") from error
    if not isinstance(state, dict):
        raise BundleError(f"{source}: holds {type(state).__name__} where a dict belongs; train again")
    return state


def _value(node: dict[str, Any], archive: zipfile.ZipFile) -> Any:
    """Return what a node of a skops schema stands for (skops 0.16, protocol 2)."""
    match node["__loader__"]:
        case "DictNode":
            return {key: _value(child, archive) for key, child in node["content"].items()}
        case "ListNode":
            return [_value(child, archive) for child in node["content"]]
        case "NdArrayNode":
            return np.load(io.BytesIO(archive.read(node["file"])), allow_pickle=False)
        case "JsonNode":
            return json.loads(node["content"])
        case kind:
            raise TypeError(f"a node of kind {kind} has no value of its own")


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=_LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


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


def _loaders(node: Any) -> set[str]:
    """Return the kinds of all nodes of a skops schema."""
    if isinstance(node, list):
        return set().union(*map(_loaders, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    own = {str(node["__loader__"])} if "__loader__" in node else set[str]()
    return own.union(*map(_loaders, node.values()))
