"""Prints what the demonstration found out."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from infra.demo.outcome import CheckedAnswer, Outcome

NEAR_MS = 100.0
_SHOWN_ROWS: Final = 5


def show(outcome: Outcome, console: Console, *, http_url: str) -> None:
    """Print the figures, the answers with their checks, and where to look next."""
    console.rule("what happened")
    console.print(_figures(outcome))
    for answer in outcome.answers:
        _show_answer(answer, console)
    console.print(_verdicts(outcome))
    console.print(f"Pages: {http_url}   API: {http_url}/docs")
    for failure in outcome.failures():
        console.print(f"[bold red]does not hold:[/] {failure}")
    if not outcome.failures():
        console.print("[bold green]every check held[/]")


def _figures(outcome: Outcome) -> Table:
    waits = outcome.latencies
    table = Table(show_header=False)
    rows = {
        "events in": f"{outcome.events_in:,}",
        "tickets in": f"{outcome.tickets_in:,}",
        "triaged": f"{outcome.triaged:,}",
        "routed": f"{outcome.routed:,}, and {outcome.held_by_people:,} that came with an agent or finished",
        "dead": f"{outcome.dead:,} of {outcome.bad_records_sent:,} bad records (`ticketyard dead list`)",
        "first ticket routed": f"{outcome.first_routed_after_s:.1f} s after the start",
        "event to first decision": (
            f"p50 {waits.percentile(0.5):.0f} ms, p95 {waits.percentile(0.95):.0f} ms, "
            f"p99 {waits.percentile(0.99):.0f} ms; {waits.within(NEAR_MS):.0%} within {NEAR_MS:.0f} ms "
            "(a batch cycle ran beside it)"
        ),
        "model": f"{outcome.model_version}, trained on the taxonomy's examples alone",
        "its accuracy": (
            ("" if outcome.test_accuracy is None else f"{outcome.test_accuracy:.1%} on its frozen test, ")
            + f"{outcome.stream_accuracy:.1%} on the simulated stream, whose truth it never sees"
        ),
    }
    for name, text in rows.items():
        table.add_row(name, text)
    return table


def _verdicts(outcome: Outcome) -> Table:
    """Return a line for each question: what serving says of the simulated day, and whether that is what happened."""
    table = Table("what serving says of the simulated day", "and what really happened", title_justify="left")
    for answer in outcome.answers:
        said = "; ".join(", ".join(_pairs(answer.columns, row)) for row in answer.rows[:_SHOWN_ROWS])
        more = f"; {len(answer.rows) - _SHOWN_ROWS} more lines" if len(answer.rows) > _SHOWN_ROWS else ""
        verdict = "[green]the same[/]" if answer.right else "[red]something else[/]"
        table.add_row(f"{answer.words}: {said}{more}", verdict)
    return table


def _pairs(columns: Sequence[str], row: Sequence[Any]) -> Iterator[str]:
    return (f"{name} {'none' if value is None else value}" for name, value in zip(columns, row, strict=True))


def _show_answer(answer: CheckedAnswer, console: Console) -> None:
    table = Table(title=answer.words, title_justify="left", caption_justify="left")
    for column in answer.columns:
        table.add_column(column)
    for row in answer.rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(table)
    verdict = (
        "[green]equals the recount of the input[/]" if answer.right else "[red]differs from the recount[/]"
    )
    freshness = "unknown" if answer.freshness_s is None else f"{answer.freshness_s:.1f} s"
    console.print(
        f"  {verdict}; run {answer.run_id}, boundary of tickets.log {answer.boundary}, "
        f"up to {answer.watermark} ({freshness} ago), {'complete' if answer.complete else 'NOT complete'}"
    )
