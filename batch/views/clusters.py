"""Groups of like tickets among those that no intent fits: what the taxonomy may lack.

Texts become vectors of the sentence encoder beside TF-IDF of their words and word pairs. The encoder brings texts of
the same meaning together; the words keep apart those that merely sound alike. Average linkage joins groups while
their mean cosine distance is small; a text that joins no group stays alone. docs/measurements/clusters.md has the
figures behind these choices.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow.parquet as pq
import structlog

from batch.views.kept_groups import (
    EncoderAtHand,
    KeptGroups,
    SparingEncoder,
    read_kept,
    ticket_sums,
    write_kept,
)
from schemas.taxonomy import load_taxonomy
from schemas.views.batch_views import UNLABELLED_CLUSTERS
from understanding.arrays.probabilities import Wide
from understanding.scoring.text import clean_text
from understanding.signals.stop_words import STOP_WORDS

if TYPE_CHECKING:
    from understanding.encoder.encoder import SentenceEncoder  # brings OpenVINO, which most runs need not

log = structlog.get_logger(__name__)

WEEKS: Final = 2
"""The newest weeks that are looked at: the one under way, and the last whole one."""

MOST_TICKETS: Final = 1_000
"""Of more unlabelled tickets in a week a sample is grouped: the encoder takes some milliseconds for each."""

FEWEST_TICKETS: Final = 5
"""What is smaller is no group: people would look at single tickets. So many must be new for groups to be made anew."""

_WORDS_SHARE: Final = 0.3
_LARGEST_DISTANCE: Final = 0.55
_MOST_WORDS: Final = 6
_EXAMPLES: Final = 5
_LANGUAGES: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]{2,}")

Ticket = Mapping[str, Any]


class Group(NamedTuple):
    """Places of one group's tickets, the most typical first, and the mean cosine with their mean."""

    places: list[int]
    likeness: float


def clusters_of_run(
    folder: Path, encoder: EncoderAtHand, *, before: Path | None, as_of: datetime
) -> list[dict[str, Any]]:
    """Return the rows of `unlabelled_clusters` for a run whose `unlabelled_tickets` lie below `folder`.

    They are those of the run in the folder `before` until FEWEST_TICKETS tickets are new or changed since they were
    made, or as many are gone or changed; not where the encoder is another. No rows where anything fails, which is
    logged: all other views are written by then, and must be served.
    """
    try:
        return _found(folder, encoder, before, as_of)
    except Exception:
        log.exception(
            "no clusters: unlabelled tickets could not be grouped; the other views are not concerned"
        )
        return []


def _found(
    folder: Path, encoder: EncoderAtHand, before: Path | None, as_of: datetime
) -> list[dict[str, Any]]:
    tickets = _looked_at(folder / "unlabelled_tickets")
    if not tickets:
        return []
    made_by, sums = encoder.sum(), ticket_sums(tickets)
    if not made_by:
        log.warning("no clusters: there is no sentence encoder here; `make setup` brings it")
        return []
    kept = read_kept(before) if before is not None else None
    if kept is None or kept.made_by != made_by:
        kept = KeptGroups(made_by, frozenset(), {})
    elif max(len(sums - kept.tickets), len(kept.tickets - sums)) < FEWEST_TICKETS:
        assert before is not None
        write_kept(folder, kept)
        return _rows_of(before)
    sparing = SparingEncoder(encoder.load, kept.vectors)
    rows = cluster_rows(tickets, sparing, as_of=as_of)
    write_kept(folder, KeptGroups(made_by, sums, sparing.used))
    return rows


def _looked_at(place: Path) -> list[Ticket]:
    """Return the tickets of the newest weeks that can have groups, of each week a sample; nothing else is read."""
    weeks = Counter(pq.read_table(place, columns=["week"])["week"].to_pylist())
    newest = [week for week in sorted(weeks, reverse=True)[:WEEKS] if weeks[week] >= FEWEST_TICKETS]
    if not newest:
        return []
    tickets = pq.read_table(place, filters=[("week", "in", newest)]).to_pylist()
    return [one for week in newest for one in sample([it for it in tickets if it["week"] == week])]


def _rows_of(run: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(run / UNLABELLED_CLUSTERS.name).to_pylist()
    return rows


def cluster_rows(
    tickets: Sequence[Ticket], encoder: "SentenceEncoder", *, as_of: datetime
) -> list[dict[str, Any]]:
    """Return the rows of `unlabelled_clusters` that rows of `unlabelled_tickets` give; needs scikit-learn."""
    weeks = sorted({ticket["week"] for ticket in tickets}, reverse=True)
    return [row for week in weeks for row in _rows_of_week(week, tickets, encoder, as_of)]


def _rows_of_week(
    week: date, tickets: Sequence[Ticket], encoder: "SentenceEncoder", as_of: datetime
) -> Iterator[dict[str, Any]]:
    looked_at = sample([ticket for ticket in tickets if ticket["week"] == week])
    if len(looked_at) < FEWEST_TICKETS:
        return
    texts = [clean_text(ticket["text"]).text or "" for ticket in looked_at]
    groups = like_texts(texts, encoder)
    words = telling_words(texts, groups)
    for number, group in enumerate(groups):
        members = [looked_at[place] for place in group.places]
        yield {
            "week": week,
            "cluster": number + 1,
            "tickets": len(members),
            "looked_at": len(looked_at),
            "words": words[number],
            "ticket_ids": [member["ticket_id"] for member in members[:_EXAMPLES]],
            "likeness": group.likeness,
            **_about(members),
            "as_of": as_of,
        }


def sample(tickets: Sequence[Ticket]) -> list[Ticket]:
    """Return at most MOST_TICKETS of them, by the hash of their ids: the same ones again as the week grows."""
    kept = sorted(tickets, key=lambda ticket: sha256(ticket["ticket_id"].encode()).digest())[:MOST_TICKETS]
    return sorted(kept, key=lambda ticket: str(ticket["ticket_id"]))


def like_texts(texts: Sequence[str], encoder: "SentenceEncoder") -> list[Group]:
    """Return groups of at least FEWEST_TICKETS like texts, the largest first."""
    from sklearn.cluster import AgglomerativeClustering  # noqa: PLC0415 - takes seconds, and most runs need none

    cosines = text_cosines(texts, encoder)
    clustering = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=_LARGEST_DISTANCE
    )
    labels = clustering.fit_predict(1 - cosines)
    places = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    groups = [_group(cosines, found) for found in places if len(found) >= FEWEST_TICKETS]
    return sorted(groups, key=lambda group: (-len(group.places), min(group.places)))


def text_cosines(texts: Sequence[str], encoder: "SentenceEncoder") -> Wide:
    """Return the cosines of each two texts, (texts, texts), from at least two of them.

    A text's vector is the encoder's, without what all requests share, beside TF-IDF of 0.3 times its length. Long
    texts have a million terms between them, so only products of these vectors are ever whole in memory.
    """
    meanings = meanings_apart(texts, encoder)
    products = meanings @ meanings.T + _WORDS_SHARE**2 * _word_products(texts)
    lengths = np.sqrt(np.maximum(products.diagonal(), 1e-12))
    cosines: Wide = np.clip(products / np.outer(lengths, lengths), -1, 1)
    return cosines


def meanings_apart(texts: Sequence[str], encoder: "SentenceEncoder") -> Wide:
    """Return the texts' vectors of length 1 without what all requests share, (texts, dimensions).

    To an encoder any two requests are alike, to some encoders much more than to others, and only what sets them apart
    tells groups. What they share is the mean of the requests that the packaged taxonomy knows, and not that of the
    texts themselves, which may be one subject nearly all.
    """
    known = _known_requests()
    vectors = encoder.embed([*known, *texts]).astype(np.float64)
    apart = vectors[len(known) :] - vectors[: len(known)].mean(axis=0)
    found: Wide = apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-12)
    return found


@cache
def _known_requests() -> tuple[str, ...]:
    """Return an example of each intent of the packaged taxonomy."""
    return tuple(intent.examples[0] for intent in load_taxonomy().intents.values())


def _word_products(texts: Sequence[str]) -> Wide:
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - as above

    try:
        words = TfidfVectorizer(analyzer=terms, sublinear_tf=True).fit_transform(texts)
    except ValueError:  # scikit-learn's word for texts in which no word is left
        return np.zeros((len(texts), len(texts)))
    products: Wide = (words @ words.T).toarray()
    return products


def terms(text: str) -> list[str]:
    """Return the words of a text that are no stop words, and their pairs; digits are in none."""
    words = [word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS]
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def telling_words(texts: Sequence[str], groups: Sequence[Group]) -> list[list[str]]:
    """Return each group's telling terms, by class-based TF-IDF (Grootendorst, BERTopic, 2022), the best first.

    A term counts once a text: count in the group x ln(1 + mean terms of a group / count everywhere). A word of a
    chosen pair is not named again, and a term must be in two texts of the group.
    """
    found = [Counter(term for place in group.places for term in set(terms(texts[place]))) for group in groups]
    everywhere: Counter[str] = Counter()
    for counts in found:
        everywhere.update(counts)
    mean_terms = everywhere.total() / max(len(found), 1)
    return [_best_terms(counts, everywhere, mean_terms) for counts in found]


def _best_terms(counts: Counter[str], everywhere: Counter[str], mean_terms: float) -> list[str]:
    scores = {
        term: count * float(np.log1p(mean_terms / everywhere[term]))
        for term, count in counts.items()
        if count > 1
    }
    best: list[str] = []
    for term in sorted(scores, key=lambda term: (-scores[term], term)):
        if len(best) < _MOST_WORDS and not any(set(term.split()) & set(chosen.split()) for chosen in best):
            best.append(term)
    return best


def _group(cosines: Wide, places: Any) -> Group:
    members = cosines[np.ix_(places, places)]
    # The mean of unit vectors has the mean of their cosines as its square.
    likeness = members.mean(axis=1) / np.sqrt(max(float(members.mean()), 1e-24))
    order = np.argsort(-likeness, kind="stable")
    return Group([int(place) for place in places[order]], float(likeness.mean()))


def _about(members: Sequence[Ticket]) -> dict[str, Any]:
    guesses = Counter(member["predicted_intent"] for member in members if member["predicted_intent"])
    languages = Counter(member["language"] for member in members if member["language"])
    nearest, count = guesses.most_common(1)[0] if guesses else (None, 0)
    return {
        "nearest_intent": nearest,
        "nearest_share": count / len(members),
        "languages": [language for language, _ in languages.most_common(_LANGUAGES)],
        "first_opened_at": min(member["opened_at"] for member in members),
        "last_opened_at": max(member["opened_at"] for member in members),
    }
