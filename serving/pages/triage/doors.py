"""The doors of the page Triage: the page, and a card in two parts, as an explanation takes longer than a read."""

from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from process.http_names import given_id
from schemas.triage import Triage
from serving.acting.desk import Desk
from serving.assembly.service import Serving
from serving.doors.explaining import chosen_message
from serving.foundation.errors import ExplanationsOff, NotFound
from serving.foundation.tags import KNOWN_BY
from serving.merge.answers import Snapshot
from serving.pages.doors import Pages, html
from serving.pages.triage.reading import read_card, read_triage
from serving.queries import read_query
from understanding.explanation.result import Explanation

Asking = Request[Any, Any, State]
Guess = dict[str, Any]
"""What the template shows of one: label, probability, team, description, words and examples."""

_WORDS_OF_A_REASON = 6


@get("/triage", include_in_schema=False, opt={KNOWN_BY: "ages"})
async def page(request: Asking, pages: NamedDependency[Pages]) -> Response[str]:
    """What the model was not sure of."""
    return await pages.page(request, "triage", read_triage)


@get("/acting/cards/{ticket_id:str}", include_in_schema=False)
async def card(
    request: Asking,
    ticket_id: FromPath[str],
    pages: NamedDependency[Pages],
    serving: NamedDependency[Serving],
    desk: NamedDependency[Desk],
) -> Response[str]:
    """One ticket to decide on: its text, what the model took it for, and open tickets like it."""
    wanted = given_id(ticket_id)
    found = await serving.ask(lambda snapshot: read_card(snapshot, wanted))
    only = [_own(desk, found["ticket"])]
    text = pages.part(request, "triage/card.html", guesses=only, by=None, state="coming", **found)
    return html(text)


@get("/acting/guesses/{ticket_id:str}", include_in_schema=False)
async def guesses(
    request: Asking,
    ticket_id: FromPath[str],
    pages: NamedDependency[Pages],
    serving: NamedDependency[Serving],
    desk: NamedDependency[Desk],
) -> Response[str]:
    """Three guesses without reasons: a person who is sure need not wait for those."""
    row, text = await serving.ask(lambda snapshot: _explained(snapshot, given_id(ticket_id)))
    try:
        triage = await serving.explanations.triage(text)
    except ExplanationsOff:
        return _shown(request, pages, row, [_own(desk, row)], by=None, state="off")
    found = [_guess(desk, guess.label, guess.probability) for guess in triage.guesses]
    return _shown(request, pages, row, own_first(_own(desk, row), found), by=triage, state="guessed")


@get("/acting/why/{ticket_id:str}", include_in_schema=False)
async def why(
    request: Asking,
    ticket_id: FromPath[str],
    pages: NamedDependency[Pages],
    serving: NamedDependency[Serving],
    desk: NamedDependency[Desk],
) -> Response[str]:
    """Three guesses with their reasons and the nearest learnt examples."""
    row, text = await serving.ask(lambda snapshot: _explained(snapshot, given_id(ticket_id)))
    try:
        explanation = await serving.explanations.explain(text)
    except ExplanationsOff:
        return _shown(request, pages, row, [_own(desk, row)], by=None, state="off")
    found = [_reasoned(desk, explanation, place) for place in range(len(explanation.triage.guesses))]
    return _shown(
        request, pages, row, own_first(_own(desk, row), found), by=explanation.triage, state="reasoned"
    )


def own_first(own: Guess, found: list[Guess]) -> list[Guess]:
    """Return as many guesses as the current model has, that which the ticket came with before the others.

    A card shows the ticket's own guess first, and the model's only later. Where another one took its place meanwhile,
    whoever pressed 1 decided on what they had not seen.
    """
    if own["label"] is None:
        return found
    known = [one for one in found if one["label"] == own["label"]] or [own]
    others = [one for one in found if one["label"] != own["label"]]
    return (known + others)[: len(found)]


def _shown(
    request: Asking, pages: Pages, row: dict[str, Any], found: list[Guess], *, by: Triage | None, state: str
) -> Response[str]:
    """Return guesses as a part of a card; `by` is the current model's reading, where this server has a model."""
    return html(pages.part(request, "triage/guesses.html", ticket=row, guesses=found, by=by, state=state))


def _own(desk: Desk, row: dict[str, Any]) -> Guess:
    """Return the guess that the ticket came with."""
    return _guess(desk, row["predicted_intent"], row["confidence"])


def _explained(snapshot: Snapshot, ticket_id: str) -> tuple[dict[str, Any], str]:
    found = snapshot.rows(read_query("ticket"), [ticket_id]).table.to_pylist()
    if not found:
        raise NotFound(f"there is no ticket {ticket_id!r}")
    messages = snapshot.rows(read_query("customer_messages"), [ticket_id]).table.to_pylist()
    return found[0], chosen_message(messages, found[0], None)["text"]


def _guess(desk: Desk, label: str | None, probability: float | None) -> Guess:
    known = desk.taxonomy.intents.get(label or "")
    return {
        "label": label,
        "probability": probability,
        "team": None if known is None else known.team,
        "about": "" if known is None else known.description,
        "words": [],
        "examples": [],
    }


def _reasoned(desk: Desk, explanation: Explanation, place: int) -> Guess:
    """Return a guess with the words that spoke for it; the shares are of the first against the second."""
    guess = explanation.triage.guesses[place]
    sign = {0: 1, 1: -1}.get(place, 0)
    words = sorted(
        {one.word: one for one in explanation.words if one.share * sign > 0}.values(),
        key=lambda one: -abs(one.share),
    )
    return _guess(desk, guess.label, guess.probability) | {
        "words": [one.word for one in words[:_WORDS_OF_A_REASON]],
        "examples": [one for one in explanation.examples if one.label == guess.label],
    }


ROUTER = Router("/", route_handlers=[page, card, guesses, why])
