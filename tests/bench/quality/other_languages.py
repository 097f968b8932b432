"""Other languages: a tenth of the taxonomy's English examples, translated by hand into five, as test rows only.

The file's rows are the example of each intent with the smallest sha256 of its normalised text, and of the others
those with the smallest until they are a tenth. What is learnt never has them, nor their English originals.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

from batch.training.rows.rows import LabelledRow, rows_from_taxonomy
from schemas.taxonomy import Taxonomy, load_taxonomy
from schemas.vocabulary import Channel
from tests.bench.quality.context import BARS, SEED, THREADS, BenchContext
from tests.bench.quality.registry import Row, reported
from ticketyard.simulator.grammar import LANGUAGES, intents_of, write_request
from ticketyard.simulator.persons import invent_customer
from understanding.bundle.bundle import load_bundle
from understanding.scoring.scoring import score

FILE: Final = Path(__file__).with_name("data") / "other_languages.csv"
LABELLED: Final = 20


def measure(context: BenchContext) -> Sequence[Row]:
    """Report accuracy by language: by English examples alone, by the packaged taxonomy, and with labelled tickets."""
    tested = test_rows()
    packaged = packaged_rows(load_taxonomy(), tested["en"])
    english = packaged_rows(english_alone(load_taxonomy()), tested["en"])
    labelled = labelled_rows(Random(SEED))
    written = {label for row in labelled["de"] for label in row.labels}
    trainings = {
        "English examples alone": english,
        "cold start": packaged,
        "with labelled tickets": [*packaged, *(row for rows in labelled.values() for row in rows)],
    }
    found = []
    for name, rows in trainings.items():
        right = _right(context, f"languages {name}", rows, tested)
        found.append(reported(f"{name} ({len(rows)} rows)", _by_language(right)))
        few = {
            language: [
                hit for hit, row in zip(hits, tested[language], strict=True) if written.issuperset(row.labels)
            ]
            for language, hits in right.items()
        }
        found.append(reported(f"  of these the {len(written)} intents of the tickets", _by_language(few)))
    return found


def test_rows() -> dict[str, list[LabelledRow]]:
    """Return the test rows of each language, English first: those are the originals."""
    with FILE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return {
        language: [LabelledRow(line[language], (line["intent"],), "test") for line in lines]
        for language in lines[0]
        if language != "intent"
    }


def rows() -> list[LabelledRow]:
    """Return the packaged examples without the test rows' originals, and the test rows of all languages."""
    tested = test_rows()
    return [*packaged_rows(load_taxonomy(), tested["en"]), *(row for rows in tested.values() for row in rows)]


def packaged_rows(taxonomy: Taxonomy, tested: Sequence[LabelledRow]) -> list[LabelledRow]:
    """Return the taxonomy's examples without those that are test rows."""
    originals = {row.text for row in tested}
    return [row for row in rows_from_taxonomy(taxonomy) if row.text not in originals]


def english_alone(taxonomy: Taxonomy) -> Taxonomy:
    """Return the taxonomy without its examples in other languages."""
    intents = {
        name: intent.model_copy(update={"examples_in": {}}) for name, intent in taxonomy.intents.items()
    }
    return taxonomy.model_copy(update={"intents": intents})


def labelled_rows(rng: Random) -> dict[str, list[LabelledRow]]:
    """Return LABELLED tickets of each intent that the simulator writes about, in each of its languages."""
    return {
        language: [
            LabelledRow(_ticket(rng, language, intent), (intent,))
            for intent in intents_of(language)
            for _ in range(LABELLED)
        ]
        for language in LANGUAGES
    }


def _ticket(rng: Random, language: str, intent: str) -> str:
    customer = invent_customer(rng, id=f"c{rng.randrange(10**6)}", languages={language: 1.0})
    channel = rng.choice((Channel.EMAIL, Channel.CHAT))
    subject, text = write_request(
        rng, customer, language=language, intent=intent, channel=channel, personal=0.2
    )
    return f"{subject}\n{text}".strip()


def _right(
    context: BenchContext, name: str, rows: list[LabelledRow], tested: Mapping[str, list[LabelledRow]]
) -> dict[str, list[bool]]:
    """Train on the rows and return, for each language, which test rows are answered rightly."""
    folder = context.bundle(
        name.replace(" ", "_"), lambda: rows, options=BARS.model_copy(update={"encoder": "frozen"})
    )
    model = load_bundle(folder, threads=THREADS)
    return {
        language: [
            result.intent in row.labels
            for result, row in zip(score(model, [row.text for row in test]), test, strict=True)
        ]
        for language, test in tested.items()
    }


def _by_language(right: Mapping[str, Sequence[bool]]) -> str:
    """Return the accuracy of each language, and the mean of those other than English."""
    shares = {language: sum(hits) / len(hits) for language, hits in right.items()}
    others = [share for language, share in shares.items() if language != "en"]
    each = ", ".join(f"{language} {share:.1%}" for language, share in shares.items())
    return f"{each}; mean without en {sum(others) / len(others):.1%} ({len(right['en'])} rows each)"
