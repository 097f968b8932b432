"""Which learnt sentences a bundle keeps as examples for explanations."""

import hashlib
from collections import defaultdict
from typing import Final

from batch.training.rows.examples import Material, joined
from schemas.taxonomy import Taxonomy
from understanding.explanation.kept_examples import KeptExample
from understanding.explanation.result import ExampleSource
from understanding.scoring.text import clean_text, normalised
from understanding.signals.redaction import redacted

MOST_OF_A_LABEL: Final = 20
MOST: Final = 20_000
"""Kept altogether; with very many labels each has fewer, but one."""


def examples_to_keep(material: Material, taxonomy: Taxonomy, *, customers: bool) -> list[KeptExample]:
    """Return at most MOST_OF_A_LABEL learnt sentences of each label, chosen by a hash of the text.

    The taxonomy's own sentences always; what customers wrote only where the operator allows it (`customers`), cut and
    without numbers and addresses.
    """
    learnt = joined(material.train, material.val) if material.own_validation else material.train
    written = {(clean_text(text).text, label) for text, label in taxonomy.examples()}
    found: defaultdict[str, dict[str, ExampleSource]] = defaultdict(dict)
    for text, column in zip(learnt.texts, learnt.targets.tolist(), strict=True):
        label = material.labels[column]
        packaged = (text, label) in written
        if packaged or customers:
            found[label][text] = "taxonomy" if packaged else "labelled"
    most = max(1, min(MOST_OF_A_LABEL, MOST // len(material.labels)))
    return [
        KeptExample(text if texts[text] == "taxonomy" else redacted(text), label, texts[text])
        for label, texts in sorted(found.items())
        for text in sorted(texts, key=_place)[:most]
    ]


def _place(text: str) -> str:
    return hashlib.sha256(normalised(text).encode()).hexdigest()
