"""`ticketyard produce`: publish events from the command line, from a file, or simulated."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import IO

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.errors import Permanent
from schemas.taxonomy import load_taxonomy
from ticketyard.errors import InvalidEvent
from ticketyard.producer import Message, Receipt, TicketProducer
from ticketyard.record import to_record
from ticketyard.replaying import AsFastAsPossible, EventTime
from ticketyard.replaying.pacing import Schedule
from ticketyard.settings import ProducingSettings
from ticketyard.simulator import SimulationConfig, simulate
from ticketyard.simulator.publishing import publish_simulation
from ticketyard.structured import event_of, message_of

_SOURCE = "ticketyard/cli"
EXIT_REJECTED = 3
_AT_ONCE = 1000
_SHOW_EVERY = 50


@click.command()
@click.argument("event_type", metavar="[TYPE]", required=False)
@click.option("--field", multiple=True, metavar="NAME=VALUE", help="A field of the event; repeatable.")
@click.option("--data", metavar="JSON", help="The fields as one JSON object.")
@click.option("--id", "event_id", help="The event's id; publishing an id twice counts once.")
@click.option("--file", type=click.File("rb"), help="CloudEvents as JSON lines; - is standard input.")
@click.option("--simulate", "simulated", is_flag=True, help="A simulated day of a support operation.")
@click.option(
    "--seed", default=1, show_default=True, help="For --simulate: which tickets; the same again count once."
)
@click.option("--tickets", default=1000, show_default=True, help="For --simulate: how many tickets.")
@click.option(
    "--rate",
    default=20.0,
    show_default=True,
    help="For --simulate: new tickets a second on average; 0: no waiting.",
)
@click.option("--truth", type=click.File("wb"), help="For --simulate: where the truth goes, as JSON lines.")
def command(
    *,
    event_type: str | None,
    field: tuple[str, ...],
    data: str | None,
    event_id: str | None,
    file: IO[bytes] | None,
    simulated: bool,
    seed: int,
    tickets: int,
    rate: float,
    truth: IO[bytes] | None,
) -> int:
    """Publish events: one of TYPE with its fields, or CloudEvents from a file, or a simulation.

    Without anything, CloudEvents are read from standard input, one {"type": …, "data": {…}} a line. A line that cannot
    be published is named and the others are published; the exit code is then 3.
    """
    rejected = Rejected()
    if simulated:
        _simulate(seed, tickets, rate, truth)
    elif event_type is not None:
        message = Message(event_of(event_type, _fields(field, data)), id=event_id)
        _publish([message])
    else:
        _publish(messages_in(file or sys.stdin.buffer, rejected))
    return EXIT_REJECTED if rejected.lines else 0


def _fields(pairs: tuple[str, ...], data: str | None) -> dict[str, object]:
    """Join --data and --field; fields win."""
    try:
        found = msgspec.json.decode(data, type=dict[str, object]) if data else {}
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise InvalidEvent(f"--data is not a JSON object: {error}") from error
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise click.UsageError(f"--field {pair!r}: write NAME=VALUE")
        found[name] = value
    return found


class Rejected:
    """The numbers of the lines that could not be published, each named on standard error."""

    def __init__(self) -> None:
        self.lines: list[int] = []

    def add(self, number: int, error: InvalidEvent) -> None:
        """Note and name a line."""
        self.lines.append(number)
        click.secho(f"line {number}: {error}", fg="red", err=True)


def messages_in(lines: Iterable[bytes], rejected: Rejected) -> Iterator[Message]:
    """Yield what the lines say; a line that cannot be published keeps none of the others back."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            message = message_of(line)
            to_record(
                message.event,
                id="-" if message.id is None else message.id,
                time=message.time or datetime.now(UTC),
                source=_SOURCE if message.source is None else message.source,
                extensions=message.extensions,
            )
        except InvalidEvent as error:
            rejected.add(number, error)
            continue
        yield message


def _publish(messages: Iterable[Message]) -> None:
    """Publish in order, some hundreds at once; what was published is printed as JSON lines."""
    with TicketProducer(ProducingSettings(), source=_SOURCE) as producer:
        waiting: list[Message] = []
        try:
            for message in messages:
                waiting.append(message)
                if len(waiting) == _AT_ONCE:
                    _show(producer.publish_many(waiting))
                    waiting = []
        finally:
            _show(producer.publish_many(waiting))


def _show(receipts: Iterable[Receipt]) -> None:
    for receipt in receipts:
        click.echo(msgspec.json.encode(receipt._asdict()))


def _simulate(seed: int, tickets: int, rate: float, truth: IO[bytes] | None) -> None:
    """Publish a simulated day: in real time at the rate, or, without waiting, as the day that ends now."""
    if rate < 0:
        raise Permanent(f"--rate must be 0 or above, not {rate:g}")
    config = SimulationConfig(tickets=tickets)
    span = timedelta(seconds=tickets / rate / config.arriving) if rate else config.operation
    config = msgspec.structs.replace(config, duration=span)
    start = datetime.now(UTC) - (timedelta(0) if rate else span)
    events = simulate(config, seed, start, load_taxonomy(ProducingSettings().taxonomy))
    schedule = Schedule(EventTime(1.0) if rate else AsFastAsPossible())
    with TicketProducer(ProducingSettings()) as producer, _bar(span if rate else None) as show:
        published = publish_simulation(events, producer, schedule, truth=truth, on_event=show)
    click.echo(f"published {published:,} events of {tickets:,} tickets, seed {seed}")


@contextmanager
def _bar(span: timedelta | None) -> Iterator[Callable[[int], None]]:
    """Show events, and how much of the time has passed where it takes a known one."""
    columns = (
        TextColumn("simulating"),
        BarColumn(),
        TextColumn("{task.fields[events]:,} events"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task("", total=span.total_seconds() if span else None, events=0)

        def show(events: int) -> None:
            if events % _SHOW_EVERY == 0:
                elapsed = bars.tasks[0].elapsed or 0.0
                bars.update(task, completed=elapsed if span else None, events=events)

        yield show
        bars.update(task, total=1.0, completed=1.0)
