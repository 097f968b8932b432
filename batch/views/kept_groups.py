"""What a run keeps of its grouping for the next one: which tickets it grouped, and the vectors of their texts.

It is one Parquet file beside the run's views, `<run>/grouped.parquet`: a row per text that was embedded, and the
tickets in the file's metadata. It only saves work: where it is missing or was made otherwise, all is made anew.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from batch.foundation.storage import sync
from understanding.arrays.probabilities import Matrix

if TYPE_CHECKING:
    from understanding.encoder.encoder import SentenceEncoder  # brings OpenVINO, which most runs need not

FILE_NAME: Final = "grouped.parquet"
_SUM_BYTES: Final = 16
_ABOUT: Final = b"grouped"
Vectors = dict[bytes, Matrix]


class EncoderAtHand(NamedTuple):
    """The sentence encoder of this machine, not loaded yet: loading takes seconds.

    `sum` returns what tells its vectors from another encoder's, and "" where there is none.
    """

    sum: Callable[[], str]
    load: Callable[[], "SentenceEncoder"]


def _nothing_to_load() -> "SentenceEncoder":
    raise LookupError("there is no sentence encoder here")


NO_ENCODER: Final = EncoderAtHand(lambda: "", _nothing_to_load)


class KeptGroups(NamedTuple):
    """Of a run: by what its groups were made, the sums of the grouped tickets, and texts' vectors by their sums."""

    made_by: str
    tickets: frozenset[bytes]
    vectors: Vectors


def text_sum(text: str) -> bytes:
    """Return what a text's vector is kept by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_SUM_BYTES]


def ticket_sums(tickets: Iterable[Mapping[str, Any]]) -> frozenset[bytes]:
    """Return a sum for each ticket, over all that its group's row is made of."""
    return frozenset(
        text_sum(
            repr(
                [
                    ticket[name]
                    for name in ("ticket_id", "week", "text", "predicted_intent", "language", "opened_at")
                ]
            )
        )
        for ticket in tickets
    )


class SparingEncoder:
    """Reads each text once: what the run before has read is not read again, and nothing is loaded for that alone.

    A text's vector does not depend on its neighbours, so these are the vectors that reading all would give.
    """

    def __init__(self, load: Callable[[], "SentenceEncoder"], known: Vectors) -> None:
        self._load = load
        self._known = known
        self.used: Vectors = {}

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return the texts' vectors, (texts, dimensions)."""
        sums = [text_sum(text) for text in texts]
        new = {key: text for key, text in zip(sums, texts, strict=True) if key not in self._known}
        if new:
            self._known = {
                **self._known,
                **dict(zip(new, self._load().embed(list(new.values())), strict=True)),
            }
        self.used.update((key, self._known[key]) for key in sums)
        return np.stack([self.used[key] for key in sums])


def write_kept(folder: Path, kept: KeptGroups) -> None:
    """Write what a run keeps into its folder."""
    about = msgspec.json.encode((kept.made_by, sorted(one.hex() for one in kept.tickets)))
    table = pa.table(
        {
            "text": pa.array(list(kept.vectors), pa.binary(_SUM_BYTES)),
            "vector": pa.array(
                [list(map(float, one)) for one in kept.vectors.values()], pa.list_(pa.float32())
            ),
        }
    )
    pq.write_table(table.replace_schema_metadata({_ABOUT: about}), folder / FILE_NAME)
    sync(folder / FILE_NAME)


def read_kept(folder: Path) -> KeptGroups | None:
    """Return what a run has kept, None where it kept nothing or the file is not whole."""
    try:
        table = pq.read_table(folder / FILE_NAME)
        made_by, tickets = msgspec.json.decode(table.schema.metadata[_ABOUT], type=tuple[str, list[str]])
    except (OSError, pa.ArrowInvalid):
        return None
    vectors = np.asarray(table["vector"].combine_chunks().flatten(), dtype=np.float32)
    keys = table["text"].to_pylist()
    by_text = dict(zip(keys, vectors.reshape(len(keys), -1), strict=True)) if keys else {}
    return KeptGroups(made_by, frozenset(map(bytes.fromhex, tickets)), by_text)
