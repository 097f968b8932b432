"""How many unknown intents the groups of unlabelled tickets find, on rows that the taxonomy is said not to know.

Run from the project's root: `PYTHONPATH=. .venv/bin/python tests/bench/clusters.py [seed …]`. Of clinc150's train and
val rows twelve intents are taken as unknown (8 to 60 texts each), among all texts out of scope and one text of each
other intent, as the low band has them. An intent counts as found where a group is at least 60 % of it and has at least
half of its texts; a group without such a majority is junk.
"""

import gzip
import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Final, NamedTuple

from batch.foundation.settings import BatchSettings
from batch.views.clusters import Group, like_texts
from understanding.encoder.prepared_encoder import published_encoder

SIZES: Final = (8, 12, 20, 30, 40, 60)
UNKNOWN: Final = 12
MAJORITY: Final = 0.6
SEEDS: Final = (100, 101, 102, 103, 104)
"""The method was chosen on seeds 0 to 7."""


class Findings(NamedTuple):
    """Shares of the unknown intents that were found, and of grouped texts that belong to their group's intent."""

    found: float
    groups: int
    junk: int
    purity: float


def labelled_rows(path: Path) -> dict[str, list[str]]:
    """Return texts by intent, those out of scope under oos."""
    with gzip.open(path) as file:
        lists = json.load(file)
    by_intent: dict[str, list[str]] = defaultdict(list)
    for name in ("train", "val", "oos_train", "oos_val"):
        for text, label in lists[name]:
            by_intent[label].append(text)
    return by_intent


def unlabelled(by_intent: dict[str, list[str]], seed: int) -> list[tuple[str, str | None]]:
    """Return (text, unknown intent, or None where it belongs to none) in random order."""
    rng = random.Random(seed)
    intents = sorted(by_intent.keys() - {"oos"})
    rng.shuffle(intents)
    rows: list[tuple[str, str | None]] = [(text, None) for text in by_intent["oos"]]
    for number, intent in enumerate(intents):
        if number < UNKNOWN:
            rows += [(text, intent) for text in rng.sample(by_intent[intent], SIZES[number % len(SIZES)])]
        else:
            rows.append((rng.choice(by_intent[intent]), None))
    rng.shuffle(rows)
    return rows


def judge(groups: list[Group], truth: list[str | None]) -> Findings:
    """Compare groups with the intents that their texts really have."""
    sizes = Counter(intent for intent in truth if intent)
    found, pure, junk = set(), 0, 0
    for group in groups:
        ((intent, count),) = Counter(truth[place] for place in group.places).most_common(1)
        if intent is None or count < MAJORITY * len(group.places):
            junk += 1
            continue
        pure += count
        if 2 * count >= sizes[intent]:
            found.add(intent)
    grouped = sum(len(group.places) for group in groups)
    return Findings(len(found) / len(sizes), len(groups), junk, pure / max(grouped, 1))


def main(seeds: tuple[int, ...]) -> None:
    """Print the findings of each seed and their mean."""
    data = Path(os.environ.get("TICKETYARD_DATA", "../shared/data")) / "clinc150" / "data_full.json.gz"
    by_intent = labelled_rows(data)
    encoder = published_encoder(BatchSettings().encoder_folder)
    results = []
    for seed in seeds:
        rows = unlabelled(by_intent, seed)
        began = time.process_time()
        groups = like_texts([text for text, _ in rows], encoder)
        spent = time.process_time() - began
        results.append(judge(groups, [intent for _, intent in rows]))
        print(f"seed {seed}: {len(rows)} texts, {spent:.1f} s of processor: {results[-1]}")  # noqa: T201
    means = Findings(*(sum(values) / len(results) for values in zip(*results, strict=True)))
    print(f"mean: {means}")  # noqa: T201


if __name__ == "__main__":
    main(tuple(int(seed) for seed in sys.argv[1:]) or SEEDS)
