"""`ticketyard triage`: what a model says about texts; no Kafka anywhere."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.options.text_argument import TextCommand
from schemas.marks import URGENCY_UNREAD
from schemas.sentiment import NEUTRAL
from schemas.settings import CommonSettings
from schemas.signals import Signals
from schemas.triage import Cut, Triage
from schemas.vocabulary import Tier
from understanding.arrays.errors import BundleError
from understanding.bundle.bundle import Bundle, load_bundle
from understanding.bundle.registry import current_or_first, load_published
from understanding.manifest.pointer import CurrentModel
from understanding.scoring.text import clean_text
from understanding.signals.automatic_mail import AutomaticMail
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage, as_mail, understand

MICRO_BATCH: Final = 256
_SHOWN_CHARACTERS: Final = 48
_SCORED_CHARACTERS: Final = 400


@click.command(cls=TextCommand)
@click.argument("text", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True),
    default=None,
    help="Score each line of this file; - is standard input.",
)
@click.option("--bundle", type=click.Path(path_type=Path), default=None, help="Default: the current model.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="For the encoder.")
@click.option(
    "--tier",
    type=click.Choice([tier.value for tier in Tier]),
    default=None,
    help="The customer's tier, for the priority.",
)
@click.option(
    "--priorities", type=click.Path(path_type=Path), default=None, help="Another table of priorities."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a text.")
def command(
    text: str | None,
    file: str | None,
    bundle: Path | None,
    threads: int,
    tier: str | None,
    priorities: Path | None,
    as_json: bool,
) -> int:
    """Show what the current model says about a TEXT, or about each line of a file: as the stream would.

    For one TEXT, and with --json for each, also the text that was scored and what was left out of it, entities,
    urgency, complexity, keywords, sentiment, and the rules of the table of priorities that led to the priority.
    """
    if (text is None) == (file is None):
        raise click.UsageError("give either a TEXT or --file FILE")
    table = PriorityTable.load(priorities or CommonSettings().priorities)
    model = load_bundle(bundle, threads=threads) if bundle else current_bundle(threads=threads)
    machines = AutomaticMail.load(CommonSettings().automatic_mail)
    said_now = partial(CustomerMessage, time=datetime.now(UTC), tier=None if tier is None else Tier(tier))
    with _texts(text, file) as texts:
        for part in _parts(texts):
            messages = [as_mail(said_now(one), {}, machines, opening=True) for one in part]
            results = understand(model, messages, priorities=table)
            if as_json:
                click.echo("\n".join(map(_json_line, messages, results)))
            else:
                Console().print(_table(part, results))
                if text is not None:
                    Console().print(_details(messages[0], results[0]))
    return 0


def current_bundle(*, threads: int) -> Bundle:
    """Load the bundle that the pointer in the models folder names; BundleError says how to get one."""
    models, current = current_model()
    return load_published(current, models, threads=threads)


def current_model() -> tuple[Path, CurrentModel]:
    """Return the models folder and its pointer; BundleError where no model has been published yet."""
    settings = CommonSettings()
    models = settings.models_folder
    current = current_or_first(models, settings.first_models_folder)
    if current is None:
        raise BundleError(
            f"{models}: no model has been published there, and set-up made none; run `make setup`, or train "
            "your own: `ticketyard train --out my-model`, then add `--bundle my-model` here"
        )
    return models, current


@contextmanager
def _texts(text: str | None, file: str | None) -> Iterator[Iterable[str]]:
    """Yield the texts; bytes that are no UTF-8 are kept as marks that the scorer knows how to treat."""
    if text is not None:
        yield [text]
        return
    assert file is not None
    with click.open_file(file, encoding="utf-8", errors="surrogateescape") as stream:
        yield _lines(stream)


def _lines(stream: Iterable[str]) -> Iterator[str]:
    for line in stream:
        yield line.rstrip("\r\n")


def _parts(texts: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(texts)
    while part := list(islice(remaining, MICRO_BATCH)):
        yield part


def _json_line(message: CustomerMessage, result: Triage) -> str:
    # The text as it was scored: bounded, and without what JSON cannot hold.
    withheld = {"withheld": message.withheld} if message.withheld else {}
    text = clean_text(message.text).text
    return msgspec.json.encode({"text": text, **msgspec.to_builtins(result), **withheld}).decode()


def _details(message: CustomerMessage, result: Triage) -> Table:
    table = Table(show_header=False, box=SIMPLE)
    signals, felt = result.signals or Signals(), result.sentiment or NEUTRAL
    entities = "\n".join(f"{one.kind}: {one.value} {one.unit}".rstrip() for one in signals.entities)
    lines = {
        "scored": _shortened(clean_text(message.text).text or "", _SCORED_CHARACTERS),
        "left out": "\n".join(_left_out(message.text or "", cut) for cut in result.cleaned),
        "priority": f"{result.priority or '-'}  ({', '.join(result.priority_reasons) or '-'})",
        "entities": entities,
        "urgency": _urgency(signals),
        "complexity": f"{signals.complexity:.2f}",
        "keywords": ", ".join(signals.keywords),
        "sentiment": f"{felt.value:+.2f}  {felt.level}{', frustrated' if felt.frustrated else ''}",
        "marks": ", ".join(signals.quality),
        "withheld": ", ".join(message.withheld),
    }
    for name, value in lines.items():
        if value:
            table.add_row(name, Text(value))
    return table


def _left_out(text: str, cut: Cut) -> str:
    """Return what a part was, where it stood, and how it begins."""
    written = " ".join(text[cut.start : cut.end].encode("utf-8", "replace").decode().split())
    return f"{cut.kind} {cut.start}-{cut.end}: {_shortened(written, _SHOWN_CHARACTERS)}"


def _shortened(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[:characters]}…"


def _urgency(signals: Signals) -> str:
    if URGENCY_UNREAD in signals.quality:
        return "unread"
    return f"{signals.urgency:.2f}  {', '.join(signals.urgency_indicators)}".rstrip()


def _table(texts: list[str], results: list[Triage]) -> Table:
    table = Table("text", "intent, category", "team, priority", "sure, band", "lang., by", box=SIMPLE)
    table.columns[0].min_width = 16
    for column in table.columns[1:]:
        column.no_wrap = True
    for text, result in zip(texts, results, strict=True):
        shown = clean_text(text).text or ""
        answer = [*_intents(result), result.category] if result.intent else [*result.reasons]
        table.add_row(
            # Text objects: a bracket in what a customer wrote is no mark-up.
            Text(_shortened(shown, _SHOWN_CHARACTERS)),
            Text("\n".join(line for line in answer if line)),
            Text("\n".join(line for line in (result.team, result.priority) if line)),
            "\n".join(line for line in (f"{result.confidence:.2f}", result.band) if line),
            "\n".join(line for line in (result.language, result.decided_by) if line),
        )
    return table


def _intents(result: Triage) -> list[str]:
    """Return the lines with the intent, or with all intents and the probability of each."""
    several = [f"{guess.label} {guess.probability:.2f}" for guess in result.intents]
    return several or [result.intent or ""]
