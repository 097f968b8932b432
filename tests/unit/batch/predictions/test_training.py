"""Training on histories: what is learnt, what is left out and why, what is kept on disk, and which model is current."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from batch.foundation.errors import ModelUnknown
from batch.predictions.departures import Departure, Departures
from batch.predictions.examples import History, Moment, examples_of
from batch.predictions.releases import roll_back_predictions, train_and_release
from batch.predictions.step import Attempt, is_due, note_attempt
from batch.predictions.train import Trained, train_predictions
from schemas.fold import fold
from schemas.predictions import Known
from schemas.records.events import SurveyAnswered, TicketEvent, TicketResolved, TicketUpdated
from schemas.vocabulary import Priority
from tests.unit.schemas.ticket_facts import fact, from_agent, minute, opened
from understanding.arrays.errors import BundleError
from understanding.manifest.pointer import read_current
from understanding.predictions.folder import (
    OtherFormat,
    load_current,
    load_predictions,
    read_predictions_manifest,
)

TICKETS = 400
DAY = 24 * 60.0
NOW = minute(60 * 24 * 30)


def histories(seed: int = 1, tickets: int = TICKETS, at_once: int = 0) -> list[History]:
    """Return tickets of two teams: the slow one hands them on and takes long; half of them answer a survey.

    The first `at_once` come at one moment, the others ten minutes apart.
    """
    random = np.random.default_rng(seed)
    return [
        _history(number, random.random(4).tolist(), 0.0 if number < at_once else number * 10.0)
        for number in range(tickets)
    ]


def _history(number: int, chance: list[float], start: float) -> History:
    ticket, slow = f"T-{number}", number % 2 == 0
    happened: list[tuple[float, TicketEvent]] = [
        (0.0, opened(ticket_id=ticket, team="slow" if slow else "quick", priority=Priority.LOW))
    ]
    if chance[0] < (0.8 if slow else 0.1):
        happened.append((1.0, TicketUpdated(ticket_id=ticket, reassignments=1)))
    happened.append((2.0, from_agent()))
    happened.append(((300.0 if slow else 20.0) * (0.5 + chance[1]), TicketResolved(ticket_id=ticket)))
    if chance[2] < 0.7:
        score = round(1 + 3 * chance[3]) if slow else 5
        happened.append((1000.0, SurveyAnswered(ticket_id=ticket, score=score)))
    found: list[Moment] = []
    for at, body in happened:
        row = fold(found[-1].row if found else None, fact(body, start + at))
        found.append(Moment(minute(start + at), body, row))
    return found


def wavering(tickets: int, hint_from: int, seed: int = 5) -> list[History]:
    """Return such tickets with three numbers of chance; from one of them on, an attribute gives a hand-over away."""
    random, found = np.random.default_rng(seed), histories(seed, tickets)
    for number, (history, chance) in enumerate(zip(found, random.random((tickets, 4)), strict=True)):
        moved = history[-1].row.reassignments > 0 if number >= hint_from else chance[0] < 0.5
        body = opened(ticket_id=f"T-{number}", attributes={"hint": str(moved)})
        row = replace(history[0].row, sentiment=chance[1], urgency=chance[2], complexity=chance[3])
        found[number] = [Moment(history[0].time, body, row), *history[1:]]
    return found


def leaving(customers: int = 400, seed: int = 7) -> tuple[list[History], Departures]:
    """Return one to four tickets of each customer over 200 days; most who gave one star leave within a month."""
    random = np.random.default_rng(seed)
    found: list[History] = []
    told = [Departure("C-first", minute(-1.0), minute(-1.0), retracted=False)]
    for number in range(customers):
        customer, start = f"C-{number}", float(random.uniform(0, 200 * DAY))
        unhappy = number % 2 == 0
        for ticket in range(1 + number % 4):
            at = start + ticket * DAY
            bodies = (
                opened(ticket_id=f"T-{number}-{ticket}", customer_id=customer),
                SurveyAnswered(ticket_id=f"T-{number}-{ticket}", score=1 if unhappy else 5),
            )
            history: list[Moment] = []
            for later, body in enumerate(bodies):
                row = fold(history[-1].row if history else None, fact(body, at + later))
                history.append(Moment(minute(at + later), body, row))
            found.append(history)
        if random.random() < (0.7 if unhappy else 0.1):
            left = minute(start + (5 + 25 * float(random.random())) * DAY)
            told.append(Departure(customer, left, left, retracted=False))
    return found, Departures(told)


def quiet(_step: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictions")
    outcome = train_and_release(folder, histories(), now=NOW, progress=quiet)
    assert outcome.is_current, outcome.reason
    return folder


def test_what_is_known_enough_about_is_learnt_and_the_rest_says_why(trained: Path) -> None:
    pointer = read_current(trained)
    assert pointer is not None
    model = load_current(pointer, trained)
    assert set(model.targets) == {"resolution", "reassignment", "satisfaction"}
    manifest = read_predictions_manifest(pointer.folder(trained))
    assert manifest.left_out["churn"] == "no event says which customers have left"
    slow, quick = (Known(words={"team": team}, numbers={}) for team in ("slow", "quick"))
    answers = model.score([slow, quick], ["resolution", "reassignment"])
    (first, second) = (one.forecasts for one in answers)
    assert first["resolution"].value > second["resolution"].value
    assert first["reassignment"].value > 0.5 > second["reassignment"].value
    assert any(factor.name == "team=slow" and factor.effect > 0 for factor in first["reassignment"].factors)
    low, high = first["resolution"].low, first["resolution"].high
    assert low is not None
    assert high is not None
    assert low < first["resolution"].value < high


def test_tickets_that_came_at_one_moment_are_too_little(tmp_path: Path) -> None:
    """Old tickets that are taken over may all be of one moment: none is older than the rest, and training failed."""
    manifest = train_predictions(histories(at_once=320), tmp_path, now=NOW, champion={}, progress=quiet)
    assert manifest is not None
    assert manifest.left_out["resolution"].startswith("0 of 320 tickets came before the newest fifth of them")


def test_a_model_is_judged_by_what_was_known_before_its_tickets_came(trained: Path) -> None:
    """It once learnt outcomes that came after the moment at which the tickets that it is judged on begin."""
    pointer = read_current(trained)
    assert pointer is not None
    for target, described in read_predictions_manifest(pointer.folder(trained)).targets.items():
        known = examples_of(target, histories(), NOW)
        held = known[-described.figures.test_rows :]
        earlier = examples_of(target, histories(), held[0].at)
        assert described.figures.train_rows == len(earlier) < len(known) - len(held)


def test_probabilities_are_calibrated(trained: Path) -> None:
    """On tickets of another seed: of those given about p, about p have it."""
    pointer = read_current(trained)
    assert pointer is not None
    fresh = examples_of("reassignment", histories(seed=2), NOW)
    forecasts = load_current(pointer, trained).score([one.known for one in fresh], ["reassignment"])
    foretold = np.mean([one.forecasts["reassignment"].value for one in forecasts])
    assert foretold == pytest.approx(np.mean([one.outcome for one in fresh]), abs=0.08)


def test_churn_is_learnt_from_departures_and_no_customer_is_recognised(tmp_path: Path) -> None:
    """By the score that was given: who it was would tell of a customer's other tickets what became of them."""
    told, departures = leaving()
    now = minute(300 * DAY)
    outcome = train_and_release(tmp_path, told, departures=departures, now=now, progress=quiet)
    assert outcome.manifest is not None
    figures = outcome.manifest.targets["churn"].figures
    assert figures.quality > 0.7
    assert outcome.manifest.targets["churn"].calibration is not None
    pointer = read_current(tmp_path)
    assert pointer is not None
    model = load_current(pointer, tmp_path)
    assert "customer_id" not in model.targets["churn"].encoding.columns
    sad, glad = (Known(words={}, numbers={"survey_score": score}) for score in (1.0, 5.0))
    (first, second) = (one.forecasts["churn"] for one in model.score([sad, glad], ["churn"]))
    assert first.value > 2 * second.value
    assert any("survey_score" in factor.name and factor.effect > 0 for factor in first.factors)
    again = train_and_release(tmp_path, told, departures=departures, now=now, progress=quiet)
    assert "nothing new" in again.reason


def test_churn_is_judged_by_customers_and_not_by_their_tickets(tmp_path: Path) -> None:
    """A hundred customers with five hundred words between them are a hundred outcomes."""
    told, departures = leaving(customers=100)
    now = minute(300 * DAY)
    manifest = train_predictions(
        [*told, *histories()], tmp_path, departures=departures, now=now, champion={}, progress=quiet
    )
    assert manifest is not None
    assert "outcomes of customers are known, 200 are needed" in manifest.left_out["churn"]


def test_nothing_new_trains_nothing(trained: Path) -> None:
    before = sorted(path.name for path in trained.iterdir())
    outcome = train_and_release(trained, histories(), now=NOW, progress=quiet)
    assert "nothing new" in outcome.reason
    assert sorted(path.name for path in trained.iterdir()) == before


def test_a_model_is_not_compared_on_what_it_has_learnt(tmp_path: Path) -> None:
    """The current model once knew the answers of most tickets on which a newer one had to beat it, so it stayed."""
    assert train_and_release(tmp_path, wavering(600, 600), now=NOW, progress=quiet).is_current
    outcome = train_and_release(tmp_path, wavering(610, 610), now=NOW, progress=quiet)
    assert outcome.manifest is not None
    assert outcome.manifest.targets["reassignment"].figures.learnt_until == minute(6090.0)


def test_a_model_that_is_surely_better_stays_with_its_own_figures(tmp_path: Path) -> None:
    """It learnt what the hint means; what came since told the newer one nothing of it, until the tickets held out."""
    one, other = tmp_path / "one", tmp_path / "other"
    first = train_predictions(wavering(400, 0, seed=6), one, now=NOW, champion={}, progress=quiet)
    assert first is not None
    figures = first.targets["reassignment"].figures
    champion = Trained(load_predictions(one).targets["reassignment"], figures)
    newer = wavering(1000, 800)
    second = train_predictions(newer, other, now=NOW, champion={"reassignment": champion}, progress=quiet)
    assert second is not None
    assert second.targets["reassignment"].figures == figures
    assert second.targets["resolution"].figures != first.targets["resolution"].figures


def test_a_rollback_bars_the_version_that_was_left(trained: Path) -> None:
    first = read_current(trained)
    with pytest.raises(ModelUnknown):
        roll_back_predictions(trained, reason="none before", now=NOW)
    second = train_and_release(trained, histories(seed=3), now=NOW, progress=quiet)
    assert second.manifest is not None
    assert read_current(trained) != first
    roll_back_predictions(trained, reason="worse on the phone", now=NOW)
    assert read_current(trained) == first
    again = train_and_release(trained, histories(seed=3), now=NOW, progress=quiet)
    assert not again.is_current
    assert read_current(trained) == first


def test_a_model_has_a_card_that_says_what_it_cannot_do(trained: Path) -> None:
    """In HTML and Markdown, beside the files whose sums count: the model loads as before."""
    pointer = read_current(trained)
    assert pointer is not None
    card = pointer.folder(trained) / "card"
    page, text = (card / "card.html").read_text(), (card / "card.md").read_text()
    assert "breach is not foretold" in text
    assert "team" in text
    assert "<script" not in page
    assert f"predictions {pointer.version}" in page
    load_predictions(card.parent)


def test_a_damaged_file_is_refused_by_name(trained: Path) -> None:
    pointer = read_current(trained)
    assert pointer is not None
    file = pointer.folder(trained) / "encodings.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(BundleError, match=r"encodings\.json"):
        load_predictions(file.parent)
    file.write_bytes(whole)


def test_a_model_of_before_is_refused_by_name_and_made_anew(tmp_path: Path) -> None:
    """Without `learnt_until` it could not be compared; training once refused to start beside it, as everything did."""
    assert train_and_release(tmp_path, histories(), now=NOW, progress=quiet).is_current
    old = read_current(tmp_path)
    assert old is not None
    file = old.folder(tmp_path) / "predictions.json"
    manifest = msgspec.json.decode(file.read_bytes())
    for target in manifest["targets"].values():
        del target["figures"]["learnt_until"]
    file.write_bytes(msgspec.json.encode(manifest | {"format": 1}))
    with pytest.raises(OtherFormat, match=r"predictions\.json.*`ticketyard train predictions`"):
        load_predictions(file.parent)
    said: list[str] = []
    outcome = train_and_release(tmp_path, histories(tickets=440), now=NOW, progress=said.append)
    assert outcome.is_current
    assert any(str(file) in line for line in said)
    assert read_current(tmp_path) != old


def test_too_few_tickets_make_no_model(tmp_path: Path) -> None:
    outcome = train_and_release(tmp_path, histories(tickets=30), now=NOW, progress=quiet)
    assert outcome.manifest is None
    assert read_current(tmp_path) is None


def test_a_young_home_is_tried_when_its_log_has_grown(tmp_path: Path) -> None:
    def due(records: int, now: datetime = NOW) -> bool:
        return is_due(tmp_path, records, now=now, every=timedelta(hours=24))

    assert due(10)
    note_attempt(tmp_path, Attempt(at=NOW, records=100, reason="too little"))
    assert not due(120)
    assert due(151)
    assert due(120, NOW + timedelta(hours=24))
    assert not due(100, NOW + timedelta(hours=48))
