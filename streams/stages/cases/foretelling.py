"""Lets a model foretell what events mean for their tickets: for all records of a step in one call, before the fold.

A forecast is of the row after its event. Within a step that row is worked out ahead, and the row before it is named by
its place. Where the ticket is in another place when the event is handled (a clock has fired in between, an event came
twice), the forecast is made again. So it never depends on which records came in one step.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec.structs import replace

from casework.predictions.known import is_from_people, is_of_customer, is_opening, known_at
from schemas.fold import Fact
from schemas.predictions import Known, Predictions, Target
from schemas.records.events import SurveyAnswered
from schemas.records.thread_rule import ThreadRule
from schemas.records.ticket_row import TicketRow
from streams.foundation.record import Record
from streams.stages.cases.intake import FoldInput, read
from streams.steps.isolation import ENVIRONMENT

COURSE: Final[tuple[Target, ...]] = ("resolution", "breach", "reopening", "reassignment")
"""What is foretold at an opening; the score is at each event from outside, churn whenever the customer is heard."""

Fold = Callable[[TicketRow | None, Fact], TicketRow]
_Place = tuple[int, int]
_NOWHERE: Final = (-1, -1)


class Model(Protocol):
    """What foretells; `targets` are those that it knows enough about."""

    @property
    def targets(self) -> frozenset[Target]:
        """Return the targets of the model that is current now; none where there is no model."""

    def score(self, tickets: Sequence[Known], targets: Sequence[Target]) -> list[Predictions]:
        """Return what is foretold of each ticket."""


class _Wanted(NamedTuple):
    event: tuple[str, str]
    before: _Place
    known: Known
    targets: tuple[Target, ...]


class _Ready(NamedTuple):
    before: _Place
    predictions: Predictions


class Foretelling:
    """Keeps the forecasts of a step until its events are handled; none of it is state."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._ready: dict[tuple[str, str], _Ready] = {}

    def prepare(
        self,
        records: Sequence[Record],
        rule: ThreadRule,
        row_of: Callable[[str], TicketRow | None],
        fold: Fold,
    ) -> None:
        """Foretell for all events of these records that a model is asked about."""
        self._ready = {}
        if not self._model.targets:
            return
        rows: dict[str, TicketRow | None] = {}
        wanted: list[_Wanted] = []
        for record in records:
            try:
                incoming = read(record, rule)
                if not isinstance(incoming, FoldInput):
                    continue
                ticket_id = incoming.fact.body.ticket_id
                before = rows[ticket_id] if ticket_id in rows else row_of(ticket_id)
                rows[ticket_id] = after = fold(before, incoming.fact)
            except ENVIRONMENT:
                raise
            except Exception:  # noqa: BLE001, S112 - `handle` meets it again, says what is wrong and buries it alone
                continue
            wanted += self._asked(incoming, before, after)
        self._score(wanted)

    def told(self, incoming: FoldInput, before: TicketRow | None, fold: Fold) -> FoldInput:
        """Return an event with what is foretold at it, as it is about to be folded into `before`."""
        if not self._targets(incoming.fact):
            return incoming
        ready = self._ready.get(_event(incoming))
        if ready is None or ready.before != _place(before):
            self._score(self._asked(incoming, before, fold(before, incoming.fact)))
            ready = self._ready[_event(incoming)]
        return replace(incoming, fact=replace(incoming.fact, predictions=ready.predictions))

    def _asked(self, incoming: FoldInput, before: TicketRow | None, after: TicketRow) -> list[_Wanted]:
        fact = incoming.fact
        targets = self._targets(fact)
        known = known_at(after, fact.body)
        return [_Wanted(_event(incoming), _place(before), known, targets)] if targets else []

    def _targets(self, fact: Fact) -> tuple[Target, ...]:
        """Return what a model is asked about an event: nothing about what the pipeline itself has decided."""
        if not is_from_people(fact.body):
            return ()
        course = COURSE if is_opening(fact.body) else ()
        score: tuple[Target, ...] = () if isinstance(fact.body, SurveyAnswered) else ("satisfaction",)
        churn: tuple[Target, ...] = ("churn",) if is_of_customer(fact.body) else ()
        asked = (*course, *score, *churn)
        return tuple(target for target in asked if target in self._model.targets)

    def _score(self, wanted: Sequence[_Wanted]) -> None:
        for targets in dict.fromkeys(one.targets for one in wanted):
            own = [one for one in wanted if one.targets == targets]
            for one, predictions in zip(
                own, self._model.score([one.known for one in own], targets), strict=True
            ):
                self._ready[one.event] = _Ready(one.before, predictions)


def _event(incoming: FoldInput) -> tuple[str, str]:
    return incoming.event.source, incoming.event.id


def _place(row: TicketRow | None) -> _Place:
    return _NOWHERE if row is None else (row.life, row.revision)
