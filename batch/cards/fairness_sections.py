"""The sections of a card that say whom a model serves worse, and what its mistakes cost."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from batch.cards.answered import Answered, AnsweredRow
from batch.cards.costs import Costs, CostTable, Mistake
from batch.cards.document import Items, Part, Picture, Section, Table, Text
from batch.cards.identity import AttributeFigures, Swap, by_attribute
from batch.cards.pictures import drawable, slices_picture
from batch.cards.quality_sections import NO_PICTURE
from batch.cards.slices import LEAST_ROWS, slices, worst_gaps
from batch.cards.wording import number, percent, points
from understanding.scoring.text import normalised
from understanding.signals.redaction import redacted

_MOST_TERMS: Final = 12


def slices_section(answers: Answered) -> Section:
    """Return quality and priority by language, tier, channel, length and deciding tier."""
    return Section("Whom it serves worse", tuple(_slices(answers)))


def _slices(answers: Answered) -> Iterator[Part]:
    found = slices(answers)
    if not found:
        yield Text(f"No slice has {LEAST_ROWS} rows, so nothing can be said.")
        return
    gaps = tuple(
        f"{worst.kind}: {worst.value} ({percent(worst.accuracy)} of {worst.n:,} rows) is "
        f"{points(best.accuracy - worst.accuracy)} behind {best.value} ({percent(best.accuracy)}), and their intervals "
        "do not meet."
        for worst, best in worst_gaps(found)
    )
    yield Items(gaps or ("No slice is worse than another of its kind by more than chance explains.",))
    if drawable():
        caption = (
            f"Accuracy of every slice of at least {LEAST_ROWS} rows (their number in brackets), with Wilson's "
            "interval."
        )
        yield Picture("slices", slices_picture(found), caption)
    else:
        yield NO_PICTURE
    columns = ("slice", "rows", "accuracy", "confidence", "to people", "high or above", "too low", "too high")
    yield Table(
        columns,
        tuple(
            (
                f"{one.kind}: {one.value}",
                f"{one.n:,}",
                *map(
                    percent,
                    (one.accuracy, one.confidence, one.to_people, one.pressing, one.too_low, one.too_high),
                ),
            )
            for one in found
        ),
    )
    yield Text(
        "To people: the low band. High or above: the priority that the table of priorities gives. Too low and too "
        "high: the intent that was said has a lower or a higher base priority than the right one. The language is that "
        "of the file where it names one, else the recognised one; tier and channel only where the file names them."
    )


def identity_section(found: Sequence[Swap]) -> Section:
    """Return what swapped identity terms change."""
    figures = by_attribute(found)
    moved = [one for one in found if one.moves_priority]
    verdict = (
        f"No priority moves in {len(found)} swaps."
        if not moved
        else f"The priority moves in {len(moved)} of {len(found)} swaps ({percent(len(moved) / len(found))}). "
        f"{_causes(moved)}."
    )
    return Section(
        "Does it matter who asks",
        (
            Text(
                "The same sentences with another name, gender, religion, nationality, age or disability (English, all "
                "persons invented) should get the same answer. Each is compared with the first of its kind."
            ),
            Text(verdict),
            Table(
                (
                    "attribute",
                    "swaps",
                    "intent moves",
                    "team moves",
                    "priority moves",
                    "level of sentiment moves",
                ),
                tuple(_attribute(one) for one in figures),
            ),
            *_moved_terms(found),
        ),
    )


def _causes(moved: Sequence[Swap]) -> str:
    """Say what moved the priorities: the intent, the band (a ticket of the low one begins as medium), or neither."""
    intent = sum(one.moves_intent for one in moved)
    same = [one for one in moved if not one.moves_intent]
    band = sum("low" in (one.triage.band, one.reference.band) for one in same)
    return (
        f"In {intent} of them the intent moves too, in {band} it stays but one of both is in the low band, which "
        f"begins as medium, and in {len(same) - band} what is read beside the model differs"
    )


def _attribute(one: AttributeFigures) -> tuple[str, ...]:
    moves = (one.intent, one.team, one.priority, one.sentiment)
    return (one.attribute, str(one.n), *map(percent, moves))


def _moved_terms(found: Sequence[Swap]) -> Iterator[Part]:
    terms = dict.fromkeys((one.attribute, one.term) for one in found)
    of_term = [(term, [one for one in found if (one.attribute, one.term) == term]) for term in terms]
    ranked = sorted(of_term, key=lambda pair: -sum(one.moves_intent for one in pair[1]))
    worst = [pair for pair in ranked if any(one.moves_intent for one in pair[1])][:_MOST_TERMS]
    if worst:
        yield Text("The terms that move the intent most often:")
        yield Table(
            ("term", "attribute", "sentences", "intent moves", "priority moves"),
            tuple(
                (
                    term,
                    attribute,
                    str(len(swaps)),
                    str(sum(one.moves_intent for one in swaps)),
                    str(sum(one.moves_priority for one in swaps)),
                )
                for (attribute, term), swaps in worst
            ),
        )


def costs_section(found: Costs, table: CostTable, *, show_texts: bool) -> Section:
    """Return what mistakes cost by the stated table, and the most costly ones."""
    total = sum(found.per_thousand.values())
    return Section(
        "What mistakes cost",
        (
            Text(
                "In units of a person's look at one ticket: "
                f"{table.person:g} for a ticket that goes to a person (the low band); for a wrong answer "
                f"{table.wrong_intent:g}, {table.wrong_team:g} more where it reaches a wrong team, "
                f"{table.step_too_low:g} more for each step by which its intent's priority is too low, "
                f"{table.step_too_high:g} for each too high."
            ),
            Table(
                ("cause", "cost of a thousand tickets"),
                (
                    *((cause, number(cost)) for cause, cost in found.per_thousand.items()),
                    ("together", number(total)),
                ),
            ),
            Text(
                f"{found.wrong:,} wrong answers reached a team. The most costly:"
                if found.wrong
                else "No wrong answer reached a team."
            ),
            *_mistakes(found.mistakes, show_texts=show_texts),
        ),
    )


def _mistakes(mistakes: Sequence[Mistake], *, show_texts: bool) -> Iterator[Part]:
    if not mistakes:
        return
    yield Table(
        ("text" if show_texts else "row", "what it is", "what was said", "team", "steps", "sure", "cost"),
        tuple(
            (
                shown(one.one, show_texts=show_texts),
                one.label,
                one.said,
                one.said_team if one.team == one.said_team else f"{one.said_team}, not {one.team}",
                f"{one.steps:+d}" if one.steps else "0",
                percent(one.one.triage.confidence, 0),
                number(one.cost),
            )
            for one in mistakes
        ),
    )
    if not show_texts:
        yield Text(
            "What customers wrote is personal data and stays out of the card: rows are named by the start of the "
            "sha256 of their normalised text. `ticketyard models card --show-texts` shows the texts, without numbers "
            "and addresses."
        )


def shown(one: AnsweredRow, *, show_texts: bool) -> str:
    """Return what a card shows of a row: its redacted text where that is allowed, else a sum that names it."""
    if show_texts:
        return redacted(one.row.text)
    return hashlib.sha256(normalised(one.row.text).encode()).hexdigest()[:12]
