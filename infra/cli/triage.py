"""`ticketyard triage`: what a model says about texts; no Kafka anywhere."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.model.bundle import Bundle, load_bundle
from schemas.model.errors import BundleError
from schemas.model.registry import load_published, read_current
from schemas.model.scoring import score
from schemas.model.text import clean_text
from schemas.settings import CommonSettings
from schemas.triage import Triage

MICRO_BATCH: Final = 256
_SHOWN_CHARACTERS: Final = 48


@click.command()
@click.argument("text", required=False)
@click.option("--file", "file", default=None, help="Score each line of this file; - is standard input.")
@click.option("--bundle", type=click.Path(path_type=Path), default=None, help="Default: the current model.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="For the encoder.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a text.")
def command(text: str | None, file: str | None, bundle: Path | None, threads: int, as_json: bool) -> int:
    """Show what the current model says about a TEXT, or about each line of a file."""
    if (text is None) == (file is None):
        raise click.UsageError("give either a TEXT or --file FILE")
    model = load_bundle(bundle, threads=threads) if bundle else current_bundle(threads=threads)
    with _texts(text, file) as texts:
        for part in _parts(texts):
            results = score(model, part)
            if as_json:
                click.echo("\n".join(_json_line(*pair) for pair in zip(part, results, strict=True)))
            else:
                Console().print(_table(part, results))
    return 0


def current_bundle(*, threads: int) -> Bundle:
    """Load the bundle that the pointer in the models folder names; BundleError says how to get one."""
    models = Path(CommonSettings().models_uri.removeprefix("file://"))
    current = read_current(models)
    if current is None:
        raise BundleError(
            f"{models}: no model has been published there yet; `ticketyard batch train` trains and publishes "
            "one, or train your own: `ticketyard train --out my-model`, then add `--bundle my-model` here"
        )
    return load_published(current, models, threads=threads)


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


def _json_line(text: str, result: Triage) -> str:
    # The text as it was scored: bounded, and without what JSON cannot hold.
    return msgspec.json.encode({"text": clean_text(text).text, **msgspec.to_builtins(result)}).decode()


def _table(texts: list[str], results: list[Triage]) -> Table:
    table = Table(
        "text", "intent, category", "team", "priority", "sure", "band", "lang.", "decided by", box=SIMPLE
    )
    for column in table.columns[1:]:
        column.no_wrap = True
    for text, result in zip(texts, results, strict=True):
        shown = (clean_text(text).text or "")[: _SHOWN_CHARACTERS + 1]
        answer = [result.intent, result.category] if result.intent else [*result.reasons]
        table.add_row(
            # Text objects: a bracket in what a customer wrote is no mark-up.
            Text(shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}…"),
            Text("\n".join(line for line in answer if line)),
            Text(result.team),
            result.priority,
            f"{result.confidence:.2f}",
            result.band,
            result.language,
            result.decided_by,
        )
    return table
