"""The sentence encoder: milliseconds a text in each form that this machine can compute, and how it then decides."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from tests.bench.encoder_forms import REFERENCE, forms_of, token_counts
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun
from tests.bench.trained_bundle import customers_texts
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.encoder.encoder import SentenceEncoder
from understanding.scoring.scoring import score
from understanding.scoring.text import clean_text

TOKENS: Final = 16
FEWEST_TOKENS: Final = 9
"""With fewer a text is padded to 8 tokens, not to 16."""
CALLS: Final = (1, 8, 32)
TEXTS: Final = 128
DECIDED_TEXTS: Final = 500
BAR_MS: Final = 3.5
EQUAL: Final = 0.99
_NEVER_SURE: Final = 1.01


def measure(run: BenchRun) -> Section:
    """Time every form in turn, round by round, and compare decisions with those of f32."""
    section = Section("encoder")
    bundle = load_bundle(run.bundle)
    forms = forms_of(bundle, run.folder / "encoder-forms")
    texts = list(dict.fromkeys(customers_texts(run.settings)))
    timed = [
        text
        for text, tokens in zip(texts, token_counts(run.bundle, texts), strict=True)
        if FEWEST_TOKENS <= tokens <= TOKENS
    ][:TEXTS]
    times = _times(forms.encoders, timed, run.rounds)
    equal = _equal_decisions(forms.encoders, bundle, texts)
    for name in forms.encoders:
        spreads = {size: Spread.of(times[name, size]) for size in CALLS}
        told = ", ".join(f"{spread.told(digits=1)} in calls of {size}" for size, spread in spreads.items())
        measured = f"ms a text: {told}; {equal[name]:.1%} decided as by f32"
        if name == forms.chosen:
            must_hold = f"{BAR_MS} ms in calls of 8, {EQUAL:.0%} of decisions"
            pairs = [(Bar(BAR_MS), spreads[8].median), (Bar(EQUAL, at_least=True), equal[name])]
            section.held(name, must_hold, measured, pairs)
        else:
            section.told(name, measured)
        section.raw[name] = {
            "ms": {str(size): times[name, size] for size in CALLS},
            "equal_to_f32": equal[name],
        }
    section.notes += forms.missing
    section.notes.append(
        f"{bundle.manifest.encoder.name}, one thread, {len(timed)} texts of {FEWEST_TOKENS} to {TOKENS} tokens; "
        f"decisions on {DECIDED_TEXTS} customers' texts, all of them left to the encoder"
    )
    return section


def _times(
    forms: Mapping[str, SentenceEncoder], texts: Sequence[str], rounds: int
) -> dict[tuple[str, int], list[float]]:
    """Return milliseconds a text by form and size of call, a value a round; forms take turns within a round."""
    found: dict[tuple[str, int], list[float]] = {(name, size): [] for name in forms for size in CALLS}
    for encoder in forms.values():
        encoder.embed(texts)
    for _ in range(rounds):
        for size in CALLS:
            for name, encoder in forms.items():
                found[name, size].append(_ms_a_text(encoder.embed, texts, size))
    return found


def _ms_a_text(embed: Callable[[Sequence[str]], object], texts: Sequence[str], size: int) -> float:
    began = time.perf_counter()
    for first in range(0, len(texts), size):
        embed(texts[first : first + size])
    return 1000 * (time.perf_counter() - began) / len(texts)


def _equal_decisions(
    forms: Mapping[str, SentenceEncoder], bundle: Bundle, texts: Sequence[str]
) -> dict[str, float]:
    """Return each form's share of texts with the intent that f32 gives, each text read by the encoder."""
    manifest = msgspec.structs.replace(bundle.manifest, threshold=_NEVER_SURE)
    cleaned = [text for text in texts if clean_text(text).text is not None][:DECIDED_TEXTS]
    decided = {
        name: [
            result.intent for result in score(replace(bundle, manifest=manifest, encoder=encoder), cleaned)
        ]
        for name, encoder in forms.items()
    }
    return {
        name: sum(a == b for a, b in zip(intents, decided[REFERENCE], strict=True)) / len(cleaned)
        for name, intents in decided.items()
    }
