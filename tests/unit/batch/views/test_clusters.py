"""Groups of like tickets among those that no intent fits."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from structlog.testing import capture_logs

from batch.views import clusters
from batch.views.clusters import (
    Group,
    cluster_rows,
    clusters_of_run,
    meanings_apart,
    sample,
    telling_words,
    terms,
    text_cosines,
)
from batch.views.kept_groups import NO_ENCODER, EncoderAtHand
from schemas.views.batch_views import UNLABELLED_CLUSTERS
from understanding.arrays.probabilities import Matrix
from understanding.encoder.encoder import OpenvinoEncoder
from understanding.scoring.text import clean_text

WEEK, AS_OF = date(2026, 3, 2), datetime(2026, 3, 9, tzinfo=UTC)


class FirstWordEncoder:
    """Stands for the encoder: texts with the same first word mean the same, all others are at right angles."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        first = [text.split()[0] for text in texts]
        kinds = sorted(set(first))
        vectors = np.zeros((len(texts), len(kinds)), dtype=np.float32)
        for line, word in enumerate(first):
            vectors[line, kinds.index(word)] = 1
        return vectors


def ticket(number: int, text: str, **fields: Any) -> dict[str, Any]:
    usual = {
        "ticket_id": f"t{number:03d}",
        "week": WEEK,
        "text": text,
        "language": "en",
        "predicted_intent": "delivery",
        "opened_at": datetime(2026, 3, 3, number % 24, tzinfo=UTC),
    }
    return usual | fields


DRONES = [
    ticket(n, f"Drone number {n} fell into the lake again", predicted_intent="delivery" if n else "loss")
    for n in range(8)
]
SOLAR = [ticket(20 + n, f"Solar panel {n} makes noise", language="de") for n in range(5)]
SINGLE = [ticket(40 + n, f"Thing{n} about something else entirely{n}") for n in range(4)]


def test_like_tickets_are_a_group_and_others_are_not() -> None:
    """The largest group is first; what is like nothing else is in none."""
    first, second = cluster_rows([*SINGLE, *SOLAR, *DRONES], FirstWordEncoder(), as_of=AS_OF)
    assert list(first) == [column.name for column in UNLABELLED_CLUSTERS.columns]
    assert (first["cluster"], first["tickets"], first["looked_at"]) == (1, 8, 17)
    assert {"drone fell", "lake again"} <= set(first["words"]) or "drone" in " ".join(first["words"])
    assert set(first["ticket_ids"]) <= {one["ticket_id"] for one in DRONES}
    assert len(first["ticket_ids"]) == 5
    assert (first["nearest_intent"], first["nearest_share"]) == ("delivery", 7 / 8)
    assert (second["tickets"], second["languages"]) == (5, ["de"])
    assert (second["first_opened_at"].hour, second["last_opened_at"].hour) == (0, 23)
    assert 0 < second["likeness"] <= 1


def test_weeks_are_grouped_apart_the_newest_first() -> None:
    """A week with too few unlabelled tickets has no group, without an error."""
    later = [one | {"week": date(2026, 3, 9)} for one in SOLAR]
    alone = [ticket(90, "Only this", week=date(2026, 3, 16))]
    rows = cluster_rows([*DRONES, *later, *alone], FirstWordEncoder(), as_of=AS_OF)
    assert [(row["week"].day, row["tickets"]) for row in rows] == [(9, 5), (2, 8)]


def test_order_of_tickets_changes_nothing() -> None:
    """The same tickets give the same rows, in whatever order Spark wrote them."""
    tickets = [*SINGLE, *SOLAR, *DRONES]
    expected = cluster_rows(tickets, FirstWordEncoder(), as_of=AS_OF)
    assert cluster_rows(tickets[::-1], FirstWordEncoder(), as_of=AS_OF) == expected


def test_texts_without_words_are_grouped_by_meaning_alone() -> None:
    """Emoji, digits and stop words leave nothing to count, and are no error."""
    rows = cluster_rows([ticket(n, "12 the 34") for n in range(6)], FirstWordEncoder(), as_of=AS_OF)
    assert [(row["tickets"], row["words"]) for row in rows] == [(6, [])]


def test_sample_keeps_the_same_tickets_as_a_week_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which tickets are looked at follows from their ids: a new one may push out another, and moves no other."""
    monkeypatch.setattr(clusters, "MOST_TICKETS", 50)
    some = [ticket(n, "x") for n in range(80)]
    before, after = sample(some), sample([*some, ticket(80, "x")])
    assert len(before) == len(after) == 50
    assert len({one["ticket_id"] for one in before} - {one["ticket_id"] for one in after}) <= 1


def test_telling_words_are_what_others_do_not_say() -> None:
    """A term of every group tells none; one of a single text tells nothing."""
    texts = ["please mend drone", "please mend drone", "please solar", "please solar rare"]
    words = telling_words(texts, [Group([0, 1], 1.0), Group([2, 3], 1.0)])
    assert words[0][0] in {"drone", "mend", "mend drone"}
    assert words[1][0] == "solar"
    assert "rare" not in words[1]


def test_terms_have_no_digits_and_no_stop_words() -> None:
    """Numbers of orders and cards are in no telling word."""
    assert terms("The order 4711 of ORDER-7 was lost!") == [
        "order",
        "order",
        "lost",
        "order order",
        "order lost",
    ]


def test_vectors_of_long_texts_are_never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand long mails have a million terms: as an array they took gigabytes, and the driver was killed."""
    seen: list[tuple[int, int]] = []
    whole = csr_matrix.toarray

    def watched(matrix: Any, *arguments: Any, **more: Any) -> Any:
        seen.append(matrix.shape)
        return whole(matrix, *arguments, **more)

    monkeypatch.setattr(csr_matrix, "toarray", watched)
    words = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(4_000)]
    texts = [f"drone {' '.join(words[400 * n : 400 * (n + 1)])}" for n in range(10)]
    text_cosines(texts, FirstWordEncoder())
    assert seen == [(10, 10)]


def test_cosines_are_those_of_both_vectors_side_by_side() -> None:
    """Grouping by products alone is the same method as grouping by the vectors was."""
    texts = [ticket["text"] for ticket in [*DRONES, *SOLAR]]
    words = TfidfVectorizer(analyzer=terms, sublinear_tf=True).fit_transform(texts).toarray()
    both = np.hstack([meanings_apart(texts, FirstWordEncoder()), 0.3 * words])
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    np.testing.assert_allclose(text_cosines(texts, FirstWordEncoder()), both @ both.T, atol=1e-12)


class AlikeEncoder:
    """Stands for an encoder to which any two requests are alike: its vectors differ by little beside what all share."""

    def embed(self, texts: Sequence[str]) -> Matrix:
        vectors = FirstWordEncoder().embed(texts)
        return np.hstack([np.full((len(texts), 1), 3, dtype=np.float32), vectors])


def test_what_all_requests_share_sets_none_apart() -> None:
    """Such an encoder put a whole week into one group."""
    apart = meanings_apart(["drone fell", "drone sank", "solar hums"], AlikeEncoder())
    assert apart[0] @ apart[1] > 0.99
    assert apart[0] @ apart[2] < 0.1


def test_a_subject_that_fills_a_week_is_a_group() -> None:
    """An outage is most of what nobody knew yet; seen from the week's own mean it was nothing."""
    drones = [ticket(n, f"Drone number {n} fell into the lake again") for n in range(80)]
    rows = cluster_rows([*drones, *SINGLE], AlikeEncoder(), as_of=AS_OF)
    assert [row["tickets"] for row in rows] == [80]


def test_texts_are_read_as_the_model_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Markup, quoted mails and what is behind the 4,000th character made vectors, though no model ever saw them."""
    read: list[str] = []

    def watched(texts: Sequence[str], encoder: Any) -> list[Group]:
        read.extend(texts)
        return []

    monkeypatch.setattr(clusters, "like_texts", watched)
    mails = [ticket(n, f"<p>Drone {n}\n is lost</p>{' again' * 2_000}") for n in range(5)]
    assert cluster_rows(mails, FirstWordEncoder(), as_of=AS_OF) == []
    assert read == [clean_text(mail["text"]).text for mail in mails]
    assert max(map(len, read)) <= 4_000


def test_clusters_that_fail_leave_the_other_views(tmp_path: Path) -> None:
    """They are made last and before the manifest: what they raised kept every view from being served, each time."""
    place = tmp_path / "unlabelled_tickets"
    place.mkdir()
    pq.write_table(pa.Table.from_pylist(DRONES), place / "part-0.parquet")

    def fail() -> OpenvinoEncoder:
        raise MemoryError

    with capture_logs() as logs:
        assert clusters_of_run(tmp_path, EncoderAtHand(lambda: "e", fail), before=None, as_of=AS_OF) == []
    assert [entry["log_level"] for entry in logs] == ["error"]


def test_without_an_encoder_there_are_no_clusters(tmp_path: Path) -> None:
    """Where set-up has not brought it, that is said and is no error."""
    place = tmp_path / "unlabelled_tickets"
    place.mkdir()
    pq.write_table(pa.Table.from_pylist(DRONES), place / "part-0.parquet")
    with capture_logs() as logs:
        assert clusters_of_run(tmp_path, NO_ENCODER, before=None, as_of=AS_OF) == []
    assert [entry["log_level"] for entry in logs] == ["warning"]
