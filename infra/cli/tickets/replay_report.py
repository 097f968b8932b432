"""What `ticketyard replay` prints about a replay, and about one that is only checked."""

from collections.abc import Iterable
from typing import Final

import click
import msgspec

from schemas.records.envelope import encode_body
from ticketyard.mapping import MappedEvent
from ticketyard.replaying import CheckReport, ReplayRequest, ReplaySummary
from ticketyard.replaying.check import Problem

_MOST_NAMES: Final = 40
_LONGEST: Final = 600


def report(request: ReplayRequest, summary: ReplaySummary) -> None:
    """Print what was published and what was not."""
    click.echo(
        f"{request.file.name}: {summary.rows:,} rows read; {summary.published_rows:,} published as "
        f"{summary.events:,} events, {summary.without_event:,} without an event, {summary.rejected:,} rejected"
    )
    if summary.resumed_after:
        click.echo(f"went on after row {summary.resumed_after:,}, where an earlier run stopped")
    click.echo(
        f"this run: {summary.seconds:.1f} s, {summary.events_per_second:,.0f} events/s, "
        f"at worst {summary.worst_delay.total_seconds():.3f} s behind the schedule"
    )
    if summary.unseen:
        click.echo(f"named in the mapping, and in no row: {', '.join(summary.unseen)}; mend the mapping")
    if summary.rejects is not None:
        click.echo(f"rejected rows and why: {summary.rejects}")


def report_check(request: ReplayRequest, found: CheckReport) -> None:
    """Print what a replay would do, each problem once, and what is worth a look."""
    click.echo("\n".join(check_lines(request.file.name, found)))


def check_lines(name: str, found: CheckReport) -> Iterable[str]:
    """Yield the lines of a check's report."""
    yield from (f"{name}: {note}" for note in found.notes)
    yield (
        f"{name}: {found.rows:,} rows; {found.published_rows:,} would be published as {sum(found.events.values()):,} "
        f"events, {found.without_event:,} are without an event, {found.rejected:,} would be rejected"
    )
    yield from (f"  {kind:<18} {count:>9,}" for kind, count in found.events.items())
    for number, event in enumerate(found.examples, start=1):
        yield "" if number > 1 else "\nfor example"
        yield _example(event)
    if found.problems or found.repeated_ids:
        yield "\nproblems"
    yield from map(_problem, found.problems)
    if found.repeated_ids:
        yield (
            f"  {found.repeated_ids:,} events have the id of an earlier one, first {found.first_repeated_id!r}: of "
            "equal ids only the first counts; add what differs between their rows to `id:`"
        )
    if found.without_customer:
        yield (
            f"\n{found.without_customer:,} tickets are nobody's: what the mapping reads for customer_id is blank or "
            "not in the file, so they count as one customer's; export that column, or name another one"
        )
    if found.unseen:
        yield f"\nnamed in the mapping, and in no row: {_names(found.unseen)}"
    if found.unused:
        yield f"\nnever used by the mapping: {_names(found.unused)}"
    yield f"\n{'nothing is wrong' if found.exit_code == 0 else 'mend the mapping or the file, and check again'}"


def _example(event: MappedEvent) -> str:
    when = event.time.isoformat() if event.time else "when it is sent"
    body = msgspec.json.format(encode_body(event.event), indent=0).decode()
    short = body if len(body) <= _LONGEST else f"{body[:_LONGEST]}…"
    return f"  {type(event.event).__name__} {event.id!r}, {when}\n  {short}"


def _problem(problem: Problem) -> str:
    line = f", line {problem.first_line}" if problem.first_line is not None else ""
    said = "; ".join(problem.messages[:1])
    more = "".join(f"\n      also: {message}" for message in problem.messages[1:])
    return f"  {problem.count:,} times: {said} (first: row {problem.first_row}{line}){more}"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
