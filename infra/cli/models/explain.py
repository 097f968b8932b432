"""`ticketyard explain`: the words and the learnt examples that led a model to its answer; no Kafka anywhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.models.triage import current_model
from infra.cli.options.text_argument import TextCommand
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.bundle.registry import load_published
from understanding.explanation.explain import explain
from understanding.explanation.kept_examples import KeptExample, load_examples
from understanding.explanation.result import Explanation, WordShare

_BAR: Final = 16
_MOST_WORDS: Final = 25


@click.command(cls=TextCommand)
@click.argument("text")
@click.option("--bundle", type=click.Path(path_type=Path), default=None, help="Default: the current model.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="For the encoder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(text: str, bundle: Path | None, threads: int, as_json: bool) -> int:
    """Show why a model prefers its first guess about TEXT to its second, word by word, and the nearest examples."""
    model, examples = _model(bundle, threads)
    found = explain(model, text, examples=examples)
    if as_json:
        click.echo(msgspec.json.encode(found))
    else:
        for part in _report(found):
            Console().print(part)
    return 0


def _model(bundle: Path | None, threads: int) -> tuple[Bundle, tuple[KeptExample, ...]]:
    if bundle is not None:
        return load_bundle(bundle, threads=threads), load_examples(bundle)
    models, current = current_model()
    return load_published(current, models, threads=threads), load_examples(current.folder(models))


def _report(found: Explanation) -> Iterator[Table | Text]:
    triage = found.triage
    if triage.intent is None:
        yield Text(f"no intent: {', '.join(triage.reasons)}; team {triage.team}")
        return
    guesses = ", ".join(f"{guess.label} {guess.probability:.2f}" for guess in triage.guesses)
    yield Text(f"{triage.intent}, not {found.against}; decided by the {_tier(triage.decided_by)}")
    yield Text(f"guesses: {guesses}")
    asked = triage.decided_by == "encoder"
    beside = f" (n-grams {found.ngrams_margin:+.2f}, encoder {found.encoder_margin:+.2f})" if asked else ""
    yield Text(f"margin: {found.margin:+.2f}{beside}; shares add to the first guess, or take from it")
    yield _words(found)
    if found.ngrams:
        strongest = ", ".join(f"{one.ngram!r} {one.share:+.2f}" for one in found.ngrams[:8])
        yield Text(f"strongest n-grams: {strongest}")
    yield (
        _examples(found) if found.examples else Text("examples: this bundle keeps none of these two intents")
    )


def _tier(decided_by: str) -> str:
    return "first tier" if decided_by == "ngrams" else "encoder, with the n-grams weighed in"


def _words(found: Explanation) -> Table:
    asked = found.triage.decided_by == "encoder"
    ranked = sorted(found.words, key=lambda word: -abs(word.share))[:_MOST_WORDS]
    largest = max((abs(word.share) for word in ranked), default=0.0) or 1.0
    table = Table("word", "share", "", *(["n-grams", "encoder"] if asked else []), box=SIMPLE)
    for word in ranked:
        table.add_row(
            Text(word.word[:40]), f"{word.share:+.3f}", _bar(word, largest), *_parts(word, asked=asked)
        )
    if len(found.words) > len(ranked):
        table.caption = f"the {len(ranked)} strongest of {len(found.words)} words; --json has all"
    return table


def _parts(word: WordShare, *, asked: bool) -> list[str]:
    return [f"{word.ngrams:+.3f}", f"{word.encoder:+.3f}"] if asked else []


def _bar(word: WordShare, largest: float) -> Text:
    length = round(_BAR * abs(word.share) / largest)
    return Text(("█" if word.share > 0 else "░") * length)


def _examples(found: Explanation) -> Table:
    table = Table("nearest learnt examples", "intent", "likeness", "from", box=SIMPLE)
    for one in found.examples:
        table.add_row(Text(one.text), one.label, f"{one.similarity:.2f}", one.source)
    return table
