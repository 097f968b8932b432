"""What is not grouped again: nothing is read, loaded or embedded for groups that the run before has found."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch.views.clusters import clusters_of_run
from batch.views.kept_groups import FILE_NAME, EncoderAtHand, SparingEncoder, text_sum
from batch.views.row_batches import arrow_schema
from schemas.views.batch_views import UNLABELLED_CLUSTERS
from schemas.views.tables import VIEWS
from understanding.arrays.probabilities import Matrix

WEEK, AS_OF = date(2026, 3, 2), datetime(2026, 3, 9, tzinfo=UTC)
LATER = AS_OF + timedelta(hours=1)


class CountingEncoder:
    """Stands for the encoder: a text's vector follows from its first word; `read` are the texts of each call."""

    def __init__(self) -> None:
        self.read: list[list[str]] = []
        self.loaded = 0

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.read.append(list(texts))
        seeds = [int.from_bytes(sha256(text.split()[0].encode()).digest()[:4]) for text in texts]
        return np.array([np.random.default_rng(seed).normal(size=24) for seed in seeds], dtype=np.float32)

    def at_hand(self, name: str = "first") -> EncoderAtHand:
        def load() -> CountingEncoder:
            self.loaded += 1
            return self

        return EncoderAtHand(lambda: name, load)


def ticket(number: int, text: str, **fields: Any) -> dict[str, Any]:
    usual = {
        "ticket_id": f"t{number:03d}",
        "week": WEEK,
        "why": "unsure",
        "text": text,
        "language": "en",
        "channel": "email",
        "predicted_intent": "delivery",
        "confidence": 0.3,
        "model_version": "v1",
        "opened_at": datetime(2026, 3, 3, number % 24, tzinfo=UTC),
    }
    return usual | fields


DRONES = [ticket(number, f"Drone number {number} fell into the lake") for number in range(8)]
FOUR_MORE = [ticket(20 + number, f"Drone {number} burns") for number in range(4)]


class Runs:
    """Runs that follow one another, each with the one before it."""

    def __init__(self, folder: Path) -> None:
        self.encoder = CountingEncoder()
        self._folder = folder
        self.newest: Path | None = None
        self._count = 0

    def run(
        self, tickets: list[dict[str, Any]], *, name: str = "first", as_of: datetime = AS_OF
    ) -> list[Any]:
        """Return the groups of a run with these unlabelled tickets."""
        run = self._folder / f"run{self._count}"
        self._count += 1
        self._write(run, "unlabelled_tickets", tickets)
        rows = clusters_of_run(run, self.encoder.at_hand(name), before=self.newest, as_of=as_of)
        self._write(run, UNLABELLED_CLUSTERS.name, rows)
        self.newest = run
        return rows

    def _write(self, run: Path, view: str, rows: list[dict[str, Any]]) -> None:
        (run / view).mkdir(parents=True)
        table = pa.Table.from_pylist(rows, schema=arrow_schema(VIEWS[view].columns))
        pq.write_table(table, run / view / "part-0.parquet")


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_fewer_than_a_group_load_nothing(runs: Runs) -> None:
    """Four unlabelled tickets can be no group: eighteen seconds once went into loading and reading for them."""
    assert runs.run(DRONES[:4]) == []
    assert runs.encoder.loaded == 0


def test_groups_stay_until_as_many_are_new_as_make_one(runs: Runs) -> None:
    """With four new tickets the rows stay, and say as of when; with the fifth they are made anew."""
    first = runs.run(DRONES)
    assert [row["tickets"] for row in first] == [8]
    assert runs.run(DRONES, as_of=LATER) == first
    assert runs.run([*DRONES, *FOUR_MORE], as_of=LATER) == first
    assert runs.encoder.loaded == 1
    (grown,) = runs.run([*DRONES, *FOUR_MORE, ticket(30, "Drone again")], as_of=LATER)
    assert (grown["tickets"], grown["as_of"]) == (13, LATER)


def test_groups_are_made_anew_where_tickets_change_or_go(runs: Runs) -> None:
    """Five tickets with another guess, and five that a person has labelled, are five changes each."""
    runs.run(DRONES)
    guessed = [one | {"predicted_intent": "loss"} for one in DRONES[:5]]
    (changed,) = runs.run([*guessed, *DRONES[5:]])
    assert changed["nearest_intent"] == "loss"
    assert runs.run(DRONES[5:]) == [], "the rest is too few for a group"


def test_a_text_is_read_once(runs: Runs) -> None:
    """Only what the run before has not read is read, and the groups are those of reading everything."""
    runs.run(DRONES)
    grown = [*DRONES, *FOUR_MORE, ticket(30, "Drone again"), ticket(31, DRONES[0]["text"])]
    warm = runs.run(grown)
    assert sorted(runs.encoder.read[1]) == sorted(one["text"] for one in grown[8:13])
    runs.newest = None
    assert runs.run(grown) == warm


def test_another_encoder_reads_all_again(runs: Runs) -> None:
    """Vectors of two encoders are not compared, and groups of another one are not shown."""
    runs.run(DRONES)
    runs.run(DRONES, name="second")
    assert len(runs.encoder.read) == 2
    assert len(runs.encoder.read[1]) == len(runs.encoder.read[0])


def test_what_is_kept_is_no_truth(runs: Runs) -> None:
    """A file that is damaged or gone costs the time of grouping, and no group."""
    first = runs.run(DRONES)
    assert runs.newest is not None
    (runs.newest / FILE_NAME).write_bytes(b"PAR1")
    assert runs.run(DRONES) == first
    (runs.newest / FILE_NAME).unlink()
    assert runs.run(DRONES) == first
    assert len(runs.encoder.read) == 3


def test_nothing_is_loaded_for_texts_that_are_known() -> None:
    """The encoder is loaded by the first text that is new."""
    encoder = CountingEncoder()
    known = {text_sum("drone"): np.ones(24, dtype=np.float32)}
    sparing = SparingEncoder(encoder.at_hand().load, known)
    assert sparing.embed(["drone", "drone"]).shape == (2, 24)
    assert encoder.loaded == 0
    sparing.embed(["drone", "solar"])
    assert encoder.read == [["solar"]]
