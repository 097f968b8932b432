"""Measures the forms that an encoder may have on this machine, and chooses one."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from batch.training.tiers.head_fit import fit_head
from infra.encoder.sample import Sample
from understanding.arrays.probabilities import Matrix
from understanding.bundle.bundle import head_from
from understanding.encoder.encoder import OpenvinoEncoder
from understanding.encoder.network import Network, load_network
from understanding.manifest.manifest import EncoderForms, FormMeasured
from understanding.manifest.precision import Precision

CALLS: Final = (1, 8, 32)
TOKENS: Final = 16
"""The texts that are timed: so many in a call, each of so many tokens."""

ROUNDS: Final = 7
LEAST_COSINE: Final = 0.99
LEAST_SAME: Final = 0.98
"""A form agrees with f32 where its vectors' mean cosine and the part of equal decisions reach these.

The decisions are hard ones, among 120 intents that were learnt from five texts each. bf16 decides 0.8 % of them
otherwise, and 0.2 % of customers' texts.
"""

NEARLY_SAME: Final = 0.9
MUCH_QUICKER: Final = 0.8
"""Integers need to reach only this part of equal decisions where they take less than this part of the time.

A bundle's head learns from its own form, so they cost no accuracy: 7.1 % of the hard decisions and 4.6 % of customers'
texts are other ones, not worse ones.
"""


def measured_forms(folders: dict[Precision, Path], sample: Sample, *, processor: str) -> EncoderForms:
    """Measure each form in its folder against f32, which must be among them, and return all with the chosen one."""
    encoders = {
        precision: OpenvinoEncoder(folder, precision=precision) for precision, folder in folders.items()
    }
    times = _milliseconds(
        {
            precision: load_network(folder, precision=precision, threads=1)
            for precision, folder in folders.items()
        }
    )
    judge = _Probe(encoders["f32"], sample)
    exact, expected = judge.read(encoders["f32"])
    measured = []
    for precision, encoder in encoders.items():
        vectors, decisions = judge.read(encoder)
        cosines = (vectors * exact).sum(axis=1)
        measured.append(
            FormMeasured(
                precision=precision,
                milliseconds=times[precision],
                cosine=round(float(cosines.mean()), 4),
                least_cosine=round(float(cosines.min()), 4),
                same_decisions=round(float((decisions == expected).mean()), 4),
            )
        )
    return EncoderForms(processor=processor, chosen=chosen_form(measured), measured=tuple(measured))


def chosen_form(measured: Sequence[FormMeasured]) -> Precision:
    """Return the quickest form that decides as f32 does, or integers where they are much quicker than that."""
    quickest = min((one for one in measured if _agrees(one, LEAST_SAME)), key=_cost)
    integers = next(
        (one for one in measured if one.precision == "int8" and _agrees(one, NEARLY_SAME)), quickest
    )
    much = _cost(integers) < MUCH_QUICKER * _cost(quickest)
    return integers.precision if much else quickest.precision


def _agrees(form: FormMeasured, least_same: float) -> bool:
    return form.cosine >= LEAST_COSINE and form.same_decisions >= least_same


def _cost(form: FormMeasured) -> float:
    """Milliseconds a text in calls of 8, the size that a worker's calls have under load."""
    return form.milliseconds[CALLS.index(8)]


class _Probe:
    """A head that has learnt the sample's intents from vectors in f32, and decides by those of any form."""

    def __init__(self, encoder: OpenvinoEncoder, sample: Sample) -> None:
        self._texts = [text for text, _ in sample.decided]
        names = sorted({intent for _, intent in sample.told})
        targets = np.array([names.index(intent) for _, intent in sample.told])
        self._head = head_from(
            fit_head(encoder.embed([text for text, _ in sample.told]), targets, len(names))
        )

    def read(self, encoder: OpenvinoEncoder) -> tuple[Matrix, npt.NDArray[np.intp]]:
        """Return the vectors of the decided texts, and the decisions."""
        vectors = encoder.embed(self._texts)
        return vectors, self._head.logits(vectors).argmax(axis=1)


def _milliseconds(networks: dict[Precision, Network]) -> dict[Precision, tuple[float, float, float]]:
    """Return milliseconds a text in calls of each size: medians of rounds in which all forms take turns."""
    found: dict[Precision, list[float]] = {precision: [] for precision in networks}
    for size in CALLS:
        taken: dict[Precision, list[float]] = {precision: [] for precision in networks}
        for _ in range(ROUNDS):
            for precision, network in networks.items():
                taken[precision].append(_timed(network, size))
        for precision, times in taken.items():
            found[precision].append(round(median(times[1:]), 3))
    return {precision: (one, eight, more) for precision, (one, eight, more) in found.items()}


def _timed(network: Network, size: int, clock: Callable[[], float] = time.perf_counter) -> float:
    words = np.random.default_rng(size).normal(size=(size, TOKENS, 384)).astype(np.float32)
    mask: Matrix = np.ones((size, TOKENS), dtype=np.float32)
    began = clock()
    network.run(words, mask)
    return (clock() - began) * 1000 / size
