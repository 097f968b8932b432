"""The sentence encoder: milliseconds a text in each form that this machine can compute, and how it then decides."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

import msgspec
from tokenizers import Tokenizer

from schemas.model.bundle import Bundle, encoder_of, load_bundle
from schemas.model.encoder import LayeredEncoder
from schemas.model.errors import BundleError
from schemas.model.precision import Precision
from schemas.model.scoring import score
from schemas.model.text import clean_text
from tests.bench.report import Bar, Section, Spread
from tests.bench.run import BenchRun
from tests.bench.trained_bundle import customers_texts

TOKENS: Final = 16
FEWEST_TOKENS: Final = 9
"""With fewer a text is padded to 8 tokens, not to 16."""
CALLS: Final = (1, 8, 32)
TEXTS: Final = 128
DECIDED_TEXTS: Final = 500
PUBLISHED: Final[tuple[Precision, ...]] = ("f32", "bf16")
"""What the published network is computed in; 8-bit integers are a network of their own, which a bundle carries."""
BAR_MS: Final = 3.5
EQUAL: Final = 0.99
_CHOSEN: Final = "as the bundle has it"
_NEVER_SURE: Final = 1.01


def measure(run: BenchRun) -> Section:
    """Time every form in turn, round by round, and compare decisions with those of f32."""
    section = Section("encoder")
    bundle = load_bundle(run.bundle)
    forms = dict(_forms(run, bundle, section))
    texts = list(islice(_of_sixteen_tokens(run), TEXTS))
    times = _times(forms, texts, run.rounds)
    equal = _equal_decisions(forms, bundle, customers_texts(run.settings))
    described = bundle.manifest.encoder
    for name in forms:
        what = f"{name} ({described.precision})" if name == _CHOSEN else name
        spreads = {size: Spread.of(times[name, size]) for size in CALLS}
        measured = ", ".join(
            f"{spread.told(digits=1)} in calls of {size}" for size, spread in spreads.items()
        )
        measured = f"ms a text: {measured}; {equal[name]:.1%} decided as by f32"
        if name == _CHOSEN:
            must_hold = f"{BAR_MS} ms in calls of 8, {EQUAL:.0%} of decisions"
            pairs = [(Bar(BAR_MS), spreads[8].median), (Bar(EQUAL, at_least=True), equal[name])]
            section.held(what, must_hold, measured, pairs)
        else:
            section.told(what, measured)
        section.raw[what] = {
            "ms": {str(size): times[name, size] for size in CALLS},
            "equal_to_f32": equal[name],
        }
    section.notes.append(
        f"{described.name}, one thread, {len(texts)} texts of {FEWEST_TOKENS} to {TOKENS} tokens; "
        f"decisions on {DECIDED_TEXTS} customers' texts, all of them left to the encoder"
    )
    return section


def _forms(run: BenchRun, bundle: Bundle, section: Section) -> Iterator[tuple[str, LayeredEncoder]]:
    described = bundle.manifest.encoder
    yield _CHOSEN, bundle.encoder
    for precision in PUBLISHED:
        try:
            yield (
                precision,
                encoder_of(
                    msgspec.structs.replace(described, precision=precision),
                    run.settings.encoder_folder,
                    threads=1,
                ),
            )
        except BundleError as error:
            section.notes.append(f"{precision} is not measured: {error}")


def _of_sixteen_tokens(run: BenchRun) -> Iterator[str]:
    tokenizer = Tokenizer.from_file(str(run.settings.encoder_folder / "tokenizer.json"))
    tokenizer.no_padding()
    for text in dict.fromkeys(customers_texts(run.settings)):
        if FEWEST_TOKENS <= len(tokenizer.encode(text).ids) <= TOKENS:
            yield text


def _times(
    forms: Mapping[str, LayeredEncoder], texts: Sequence[str], rounds: int
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
    forms: Mapping[str, LayeredEncoder], bundle: Bundle, texts: Sequence[str]
) -> dict[str, float]:
    """Return each form's share of texts with the intent that f32 gives, each text read by the encoder."""
    manifest = msgspec.structs.replace(bundle.manifest, threshold=_NEVER_SURE)
    cleaned = [text for text in dict.fromkeys(texts) if clean_text(text).text is not None][:DECIDED_TEXTS]
    decided = {
        name: [
            result.intent for result in score(replace(bundle, manifest=manifest, encoder=encoder), cleaned)
        ]
        for name, encoder in forms.items()
    }
    return {
        name: sum(a == b for a, b in zip(intents, decided["f32"], strict=True)) / len(cleaned)
        for name, intents in decided.items()
    }
