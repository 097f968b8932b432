"""`ticketyard rules`: check a file of rules, and show what a changed one would have done to history."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from casework.customers.rules import CustomerRules
from casework.escalation.escalation import Escalation
from casework.escalation.table import EscalationTable
from casework.rules import CaseRules
from casework.sla.due_clock import SlaDueClock
from casework.sla.policies import SlaPolicies, load_sla_policies
from casework.trial.difference import Difference, differences
from casework.trial.trial import Trial, of_rules
from infra.ticket_history import read_facts
from schemas.edited_file import EditedFile
from schemas.errors import Permanent
from streams.foundation.settings import StreamSettings

EXIT_CHANGES: Final = 3
_FILE = click.Path(dir_okay=False, path_type=Path)


class RulesFileError(Permanent):
    """A file is none of those that can be tried; the message says which there are."""


class Desk(NamedTuple):
    """The files of rules that can be tried."""

    escalation: EscalationTable
    sla: SlaPolicies

    def rules(self, settings: StreamSettings) -> CaseRules:
        """Return what the cases stage would do by these files; who gets a ticket is as history has it."""
        escalation = Escalation(self.escalation)
        return CaseRules(
            clocks=(SlaDueClock(policies=self.sla), *escalation.clocks),
            progress=True,
            sla=self.sla,
            customers=CustomerRules.load(settings.customer_rules),
            escalation=escalation,
        )


@click.group()
def command() -> None:
    """Check a file of rules of escalation or of SLA policies, or try a changed one on history."""


@command.command()
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """Say every mistake of FILE with its line, or what is in it."""
    kind = _kind(file)
    if kind == "levels":
        table = EscalationTable.load(file)
        click.echo(
            f"{file}: rules of escalation {table.sum}: {len(table.rules)} rules, {len(table.levels)} levels"
        )
    else:
        policies = load_sla_policies(file)
        click.echo(f"{file}: SLA policies {policies.version}: {len(policies.policies)} policies")


@command.command()
@click.argument("file", type=_FILE)
@click.option(
    "--on", "history", type=click.Path(path_type=Path), help="Archive of batch, or events in JSON lines."
)
@click.option("--against", type=_FILE, help="The file of now, if not the one that settings name.")
def test(file: Path, history: Path | None, against: Path | None) -> int:
    """Fold history with the rules of now and with FILE, and show on which tickets they differ.

    Without --on the archive of this home is history. Ends with 0 if nothing would change, with 3 if anything would.
    """
    settings = StreamSettings()
    kind = _kind(file)
    now = _desk(kind, against, settings)
    then = _desk(kind, file, settings)
    with _showing() as show:
        found = try_both(now.rules(settings), then.rules(settings), history or settings.history_folder, show)
    _print(found, Console())
    return EXIT_CHANGES if any(each.changes for each in found) else 0


def try_both(
    now: CaseRules, then: CaseRules, history: Path, show: Callable[[float, int], None]
) -> list[Difference]:
    """Return what changes from one set of rules to the other, over all of history."""
    trials = Trial(now), Trial(then)
    last = datetime.min.replace(tzinfo=UTC)
    for fact in read_facts(history, show):
        last = max(last, fact.time)
        if not of_rules(fact):
            for trial in trials:
                trial.take(fact)
    for trial in trials:
        trial.finish(last)
    return list(differences(trials[0].raised, trials[1].raised))


def _kind(file: Path) -> str:
    """Return the key by which a file's kind is known."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise RulesFileError(f"{file} cannot be read ({error}); give the path of a readable file") from error
    content = EditedFile(str(file), "the file of rules", RulesFileError).read(data)[1]
    kind = next((key for key in ("levels", "policies") if isinstance(content, dict) and key in content), None)
    if kind is None:
        raise RulesFileError(
            f"{file} has neither `levels` (rules of escalation, docs/escalation.md) nor `policies` (SLA, docs/sla.md); "
            "start from the packaged file of the kind that you mean"
        )
    return kind


def _desk(kind: str, file: Path | None, settings: StreamSettings) -> Desk:
    """Return the files of now, with `file` in the place of the one of its kind."""
    escalation, sla = settings.escalation, settings.sla
    if file is not None:
        escalation, sla = (file, sla) if kind == "levels" else (escalation, file)
    return Desk(EscalationTable.load(escalation), load_sla_policies(sla))


def _print(found: list[Difference], console: Console) -> None:
    table = Table("rule", "fired", "would fire", "newly", "no longer", title="Tickets", title_justify="left")
    for each in found:
        numbers = (each.now, each.then, each.newly_count, each.no_longer_count)
        table.add_row(each.rule, *(f"{number:,}" for number in numbers))
    console.print(table)
    for each in found:
        for words, tickets, count in (
            ("newly", each.newly, each.newly_count),
            ("no longer", each.no_longer, each.no_longer_count),
        ):
            if tickets:
                more = f" and {count - len(tickets):,} more" if count > len(tickets) else ""
                console.print(f"{each.rule}, {words}: {', '.join(tickets)}{more}", soft_wrap=True)


@contextmanager
def _showing() -> Iterator[Callable[[float, int], None]]:
    columns = (
        TextColumn("folding history"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]:,} events"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task("", total=1.0, events=0)
        yield lambda share, events: bars.update(bar, completed=share, events=events)
