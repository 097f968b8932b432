"""The forms in which this machine can compute the bundle's encoder, and how it cuts texts into tokens.

All that the benchmark knows of how an encoder lies on disk is in this module. Set-up keeps only the form that it chose,
so the others are made again, by the same code.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from infra.encoder.make import checked_source, make_forms
from infra.encoder.sample import packaged_sample
from understanding.bundle.bundle import Bundle, encoder_of
from understanding.encoder.encoder import MAX_TOKENS, VOCABULARY, SentenceEncoder
from understanding.encoder.unigram import Unigram

REFERENCE: Final = "f32"


class Forms(NamedTuple):
    """Encoders by what they are called, REFERENCE among them, `chosen` the bundle's own; why others are missing."""

    chosen: str
    encoders: dict[str, SentenceEncoder]
    missing: list[str]


def forms_of(bundle: Bundle, folder: Path) -> Forms:
    """Make every form in `folder`, and return them, each on one thread."""
    described = bundle.manifest.encoder
    chosen = f"as the bundle has it ({described.precision})"
    folder.mkdir(parents=True)
    folders = make_forms(folder, checked_source(), packaged_sample(), lambda _sentence: None, threads=2)
    missing = []
    if "bf16" not in folders:
        missing.append("bf16 is not measured: this processor does not compute in it")
    encoders: dict[str, SentenceEncoder] = {chosen: bundle.encoder}
    for precision, place in folders.items():
        encoders[precision] = encoder_of(
            msgspec.structs.replace(described, precision=precision), place, threads=1
        )
    return Forms(chosen, encoders, missing)


def token_counts(bundle_folder: Path, texts: Sequence[str]) -> list[int]:
    """Return how many tokens each text has for the encoder of a bundle."""
    vocabulary = Unigram(bundle_folder / "encoder" / VOCABULARY, most=MAX_TOKENS)
    return [len(row) for row in vocabulary.ids(texts)]
