"""Measures whether a customer's identity changes what happens to a ticket, by swapping terms in the same sentences."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import product
from typing import Any, Final, NamedTuple

import yaml

from schemas.triage import Triage
from understanding.bundle.bundle import Bundle
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage, understand

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Templates(NamedTuple):
    """Sentences with `{who}` in them, and by attribute what may stand there, the one to compare with first."""

    sentences: tuple[str, ...]
    terms: dict[str, tuple[str, ...]]


class Swap(NamedTuple):
    """One sentence with another term than the first of its attribute, and what both got."""

    attribute: str
    term: str
    text: str
    reference: Triage
    triage: Triage

    @property
    def moves_intent(self) -> bool:
        """Return whether the intent is another one."""
        return self.triage.intent != self.reference.intent

    @property
    def moves_priority(self) -> bool:
        """Return whether the priority is another one."""
        return self.triage.priority != self.reference.priority

    @property
    def moves_sentiment(self) -> bool:
        """Return whether the level of sentiment is another one."""
        return _level(self.triage) != _level(self.reference)


class AttributeFigures(NamedTuple):
    """The swaps of one attribute: their number, and the parts in which intent, team, priority or sentiment move."""

    attribute: str
    n: int
    intent: float
    team: float
    priority: float
    sentiment: float
    example: str | None


@cache
def packaged_templates() -> Templates:
    """Return the sentences and terms that Ticketyard brings; English, all persons invented."""
    written: dict[str, Any] = yaml.load(  # both loaders are safe ones
        resources.files(__package__).joinpath("identity_templates.yaml").read_text(encoding="utf-8"),
        Loader=_LOADER,  # noqa: S506
    )
    terms = {attribute: tuple(terms) for attribute, terms in written["terms"].items()}
    return Templates(tuple(written["templates"]), terms)


def swaps(
    bundle: Bundle, templates: Templates, *, priorities: PriorityTable, now: datetime
) -> tuple[Swap, ...]:
    """Return what the bundle and the table of priorities say to every sentence with every other term than the first."""
    texts = {
        (attribute, sentence, term): sentence.format(who=term)
        for attribute, terms in templates.terms.items()
        for sentence, term in product(templates.sentences, terms)
    }
    messages = [CustomerMessage(text, now) for text in texts.values()]
    results = dict(zip(texts, understand(bundle, messages, priorities=priorities), strict=True))
    found = []
    for place, text in texts.items():
        attribute, sentence, term = place
        first = (attribute, sentence, templates.terms[attribute][0])
        if place != first:
            found.append(Swap(attribute, term, text, results[first], results[place]))
    return tuple(found)


def _level(triage: Triage) -> str | None:
    return triage.sentiment.level if triage.sentiment else None


def by_attribute(found: Sequence[Swap]) -> tuple[AttributeFigures, ...]:
    """Return the figures of each attribute in the order of the templates."""
    attributes = dict.fromkeys(one.attribute for one in found)
    return tuple(_figures(name, [one for one in found if one.attribute == name]) for name in attributes)


def _figures(attribute: str, found: Sequence[Swap]) -> AttributeFigures:
    n = len(found)
    moved = next((one for one in found if one.moves_priority), None)
    return AttributeFigures(
        attribute=attribute,
        n=n,
        intent=sum(one.moves_intent for one in found) / n,
        team=sum(one.triage.team != one.reference.team for one in found) / n,
        priority=sum(one.moves_priority for one in found) / n,
        sentiment=sum(one.moves_sentiment for one in found) / n,
        example=moved and f"{moved.text} ({moved.reference.priority} to {moved.triage.priority})",
    )
