"""How statements made to harm the server end: after what time, with what memory, and with what health beside them."""

from typing import Final

from tests.bench.report import Bar, Section
from tests.bench.run import BenchRun, home_of
from tests.integration.hostile_server import LIMIT_S, SHARE, Watched, hostile_server, watched
from tests.integration.hostile_statements import BOMBS, HOSTILE

SECONDS_BAR: Final = LIMIT_S + 1.0
SHARE_BAR: Final = 1.5
"""Of what one process of SQL may take."""

HEALTH_BAR_MS: Final = 100.0


def measure(run: BenchRun) -> Section:
    """Ask each statement once, one after the other."""
    section, statements = Section("hostile"), HOSTILE | BOMBS
    run.say(f"{len(statements)} hostile statements")
    with hostile_server(home_of(run, "hostile").home) as client:
        answers = {kind: watched(client, sql) for kind, sql in statements.items()}
    seconds = {kind: answer.seconds for kind, answer in answers.items()}
    shares = {kind: answer.memory / SHARE for kind, answer in answers.items()}
    _note(section, "seconds to an answer", SECONDS_BAR, seconds)
    _note(section, "memory of a process over its share", SHARE_BAR, shares)
    _health(section, list(answers.values()))
    section.notes.append(f"{len(answers)} statements, a limit of {LIMIT_S:.0f} s, one after the other")
    section.raw = {kind: answer._replace(body=None)._asdict() for kind, answer in answers.items()}
    return section


def _note(section: Section, what: str, bar: float, found: dict[str, float]) -> None:
    worst = max(found, key=found.__getitem__)
    beyond = sum(value > bar for value in found.values())
    told = f"{found[worst]:.2f} at most, of '{worst}'; {beyond} beyond"
    section.held(f"hostile SQL, {what}", f"{bar}", told, [(Bar(bar), found[worst])])


def _health(section: Section, answers: list[Watched]) -> None:
    checks = sorted(check * 1000 for answer in answers for check in answer.health)
    slow = sum(check > HEALTH_BAR_MS for check in checks)
    told = f"{checks[-1]:.0f} ms at most, median {checks[len(checks) // 2]:.0f} ms; {slow} of {len(checks):,} beyond"
    section.held("health beside hostile SQL", "100 ms", told, [(Bar(HEALTH_BAR_MS), checks[-1])])
