"""Attempts at one address, with a poster that does as it is told."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from streams.webhooks.addresses import WebhookAddress
from streams.webhooks.delivery import AtRest, Deliverer, Delivery, Outcome, Pace
from streams.webhooks.guard import AddressRefused
from streams.webhooks.post import NotTaken, Poster, Refused

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HASTY = Pace(first_s=0, most_s=0, jitter_s=0, failures=3, rest_s=3600)
SECRET = b"x" * 24


class Scripted:
    """A Poster: each attempt ends as the next of `answers` says, the last one for ever; None hangs."""

    def __init__(self, answers: Iterable[int | Exception | None]) -> None:
        self.answers = list(answers)
        self.ids: list[str] = []

    async def post(self, url: str, body: bytes, headers: dict[str, str], *, timeout_s: float) -> int:
        self.ids.append(headers["webhook-id"])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return cast("int", answer)


def deliverer(poster: Scripted, **fields: Any) -> Deliverer:
    address = WebhookAddress(**{"url": "https://x/a", "secret_env": "S", **fields})
    return Deliverer(address, (SECRET,), cast("Poster", poster), now=lambda: NOW, pace=HASTY)


def delivery(name: str = "d-1", age_s: float = 0) -> Delivery:
    return Delivery(delivery_id=name, body=b"{}", arrived_at=NOW - timedelta(seconds=age_s))


def ended(poster: Scripted, **fields: Any) -> Outcome:
    return asyncio.run(deliverer(poster, **fields).deliver(delivery()))


def test_what_fails_at_first_is_tried_again_under_the_same_id() -> None:
    """A receiver that took it although we never heard so knows the second for the first."""
    poster = Scripted([NotTaken("HTTP 503", status=503), NotTaken("reset"), 204])
    outcome = ended(poster)
    assert (outcome.attempts, outcome.status, outcome.gave_up) == (3, 204, None)
    assert poster.ids == ["d-1"] * 3


def test_what_can_never_be_taken_is_tried_once() -> None:
    """An answer of 400 will be the same tomorrow, and an address that is refused stays refused."""
    for error in (Refused("HTTP 400", status=400), AddressRefused("h is 10.0.0.1")):
        outcome = ended(Scripted([error]))
        assert (outcome.attempts, outcome.gave_up) == (1, error)


def test_an_address_that_never_answers_is_given_up_at_the_deadline() -> None:
    """It was tried, and what is told is why."""
    outcome = ended(Scripted([None]), timeout_s=0.02, deadline_s=0.02)
    assert outcome.attempts == 1
    assert str(outcome.gave_up) == "no answer"


def test_after_some_failures_in_a_row_the_address_is_left_alone() -> None:
    """What is too late has one attempt, and none then: a storm of alerts to an address that is down once took hours."""
    poster = Scripted([NotTaken("HTTP 500", status=500)])
    one = deliverer(poster, deadline_s=60)

    async def five() -> list[Outcome]:
        return [await one.deliver(delivery(f"d-{number}", age_s=3600)) for number in range(5)]

    ended = asyncio.run(five())
    assert [outcome.attempts for outcome in ended] == [1, 1, 1, 0, 0]
    assert (ended[2].status, str(ended[2].gave_up)) == (500, "HTTP 500")
    assert isinstance(ended[3].gave_up, AtRest)
    assert len(poster.ids) == 3


def test_refusals_do_not_open_the_breaker() -> None:
    """An address that answers 400 to one alert may take the next."""
    poster = Scripted([*[Refused("HTTP 400", status=400)] * 5, 200])
    one = deliverer(poster)

    async def six() -> list[Outcome]:
        return [await one.deliver(delivery(f"d-{n}")) for n in range(6)]

    assert asyncio.run(six())[-1].gave_up is None


def test_an_alert_older_than_the_deadline_is_tried_all_the_same() -> None:
    """Who was away for an hour is not left without the alerts of that hour."""
    one = deliverer(Scripted([200]), deadline_s=60)
    assert asyncio.run(one.deliver(delivery(age_s=3600))).gave_up is None


def test_a_receiver_may_ask_for_time() -> None:
    """Retry-After says when to come again, but no receiver holds an alert for longer than the longest pause."""
    one = Deliverer(
        WebhookAddress(url="https://x", secret_env="S"),
        (SECRET,),
        cast("Poster", Scripted([200])),
        now=lambda: NOW,
        pace=Pace(most_s=60),
    )
    assert one._again(NotTaken("HTTP 429", status=429, after_s=7)) == 7
    assert one._again(NotTaken("HTTP 429", status=429, after_s=7_000)) == 60
    assert one._again(NotTaken("HTTP 503", status=503)) is True
    assert one._again(Refused("HTTP 410", status=410)) is False
