"""What mistakes cost, by a stated table, and which ones cost most."""

from typing import Final, NamedTuple

from batch.cards.answered import Answered, AnsweredRow, rank

MOST_SHOWN: Final = 15


class CostTable(NamedTuple):
    """Costs in units of a person's look at one ticket.

    A wrong answer costs `wrong_intent`, and besides: `wrong_team` where another team has to hand it on, `step_too_low`
    for each step by which its intent's base priority is below the right one, `step_too_high` for each above. A ticket
    of the low band costs `person` whatever was guessed, since a person decides.
    """

    person: float = 1.0
    wrong_intent: float = 1.0
    wrong_team: float = 3.0
    step_too_low: float = 4.0
    step_too_high: float = 1.0


class Mistake(NamedTuple):
    """One wrong answer that reached a team, and what it costs."""

    one: AnsweredRow
    cost: float
    label: str
    said: str
    team: str
    said_team: str
    steps: int


class Costs(NamedTuple):
    """All costs per thousand tickets, by what causes them, and the most costly mistakes."""

    per_thousand: dict[str, float]
    mistakes: tuple[Mistake, ...]
    wrong: int


def costs(answers: Answered, table: CostTable, *, shown: int = MOST_SHOWN) -> Costs:
    """Return what answering these rows costs; of equally costly mistakes the surer come first."""
    causes = dict.fromkeys(("sent to a person", "wrong intent", "wrong team", "too low", "too high"), 0.0)
    mistakes = []
    for one in answers.rows:
        if one.triage.band == "low":
            causes["sent to a person"] += table.person
        elif not one.right:
            mistake, parts = _mistake(answers, one, table)
            mistakes.append(mistake)
            for cause, cost in parts.items():
                causes[cause] += cost
    ranked = sorted(
        mistakes, key=lambda found: (-found.cost, -found.one.triage.confidence, found.one.row.text)
    )
    scale = 1_000 / max(1, len(answers.rows))
    return Costs(
        {cause: cost * scale for cause, cost in causes.items()}, tuple(ranked[:shown]), len(mistakes)
    )


def _mistake(answers: Answered, one: AnsweredRow, table: CostTable) -> tuple[Mistake, dict[str, float]]:
    wanted, said = answers.wanted(one), answers.said(one)
    steps = rank(said.priority) - rank(wanted.priority)
    parts = {
        "wrong intent": table.wrong_intent,
        "wrong team": table.wrong_team * (said.team != wanted.team),
        "too low": table.step_too_low * max(0, -steps),
        "too high": table.step_too_high * max(0, steps),
    }
    cost = sum(parts.values())
    return Mistake(one, cost, wanted.name, said.name, wanted.team, said.team, steps), parts
