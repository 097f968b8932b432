"""Reading texts with the encoder: here or shared out among executors, each text once."""

import tempfile
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, Protocol

import msgspec
import numpy as np

from batch.training.plan.progress import Progress
from batch.training.shared_work.executor import Executor, Job
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import encoder_of
from understanding.encoder.encoder import OpenvinoEncoder, SentenceEncoder
from understanding.encoder.token_batches import LARGEST_BATCH
from understanding.manifest.manifest import EncoderInfo

CHUNK: Final = 8 * LARGEST_BATCH
"""Texts read by one call, which on executors is one task."""

READING: Final = "reading texts"


class Reader(Protocol):
    """Anything that returns one vector a text, (n, dimensions), and tells how far it is."""

    def __call__(self, texts: Sequence[str], progress: Progress) -> Matrix:
        """Return the vectors in the order of the texts (at least one)."""
        ...


def read_here(encoder: SentenceEncoder) -> Reader:
    """Return a reader that asks this encoder."""

    def read(texts: Sequence[str], progress: Progress) -> Matrix:
        vectors: list[Matrix] = []
        for chunk in _chunks(texts):
            progress(READING, len(vectors) * CHUNK / len(texts))
            vectors.append(encoder.embed(chunk))
        progress(READING, 1.0)
        return np.concatenate(vectors)

    return read


def read_by(executor: Executor, encoder_folder: Path, encoder: EncoderInfo) -> Reader:
    """Return a reader that shares the texts out: bit for bit what `read_here` returns, as no vector has neighbours."""
    work = partial(embed_chunk, described=encoder)

    def read(texts: Sequence[str], progress: Progress) -> Matrix:
        chunks = _chunks(texts)
        with tempfile.TemporaryDirectory(prefix="ticketyard-texts-") as name:
            folder = Path(name)
            for number, chunk in enumerate(chunks):
                _file(folder, number).write_bytes(msgspec.json.encode(chunk))
            parts = executor.run(Job(READING, work, (encoder_folder, folder), len(chunks)), progress)
        vectors = np.frombuffer(b"".join(parts), dtype=np.float32)
        return vectors.reshape(len(texts), encoder.dimensions)

    return read


def embed_chunk(folders: Sequence[Path], number: int, *, described: EncoderInfo) -> bytes:
    """Return the vectors of one chunk of texts as the bytes of a float32 matrix: a task of `read_by`."""
    encoder_folder, texts_folder = folders
    chunk = msgspec.json.decode(_file(texts_folder, number).read_bytes(), type=list[str])
    return _encoder(encoder_folder, described).embed(chunk).tobytes()


@lru_cache(maxsize=1)
def _encoder(folder: Path, described: EncoderInfo) -> OpenvinoEncoder:
    """Load the encoder once a process: its executor has as many of these as cores, so each takes one thread."""
    return encoder_of(described, folder, threads=1)


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number}.json"


def _chunks(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)]


def _batching_well(text: str) -> tuple[int, str]:
    """Order texts so that those of like lengths stand side by side."""
    return len(text), text


class Vectors:
    """Reads each text once, however often training asks for it."""

    def __init__(self, reader: Reader, progress: Progress) -> None:
        self._reader, self._progress = reader, progress
        self._known: dict[str, Matrix] = {}

    def of(self, texts: Sequence[str]) -> Matrix:
        """Return one vector a text, (n, dimensions)."""
        new = sorted({text for text in texts if text not in self._known}, key=_batching_well)
        if new:
            self._known.update(zip(new, self._reader(new, self._progress), strict=True))
        return np.stack([self._known[text] for text in texts])
