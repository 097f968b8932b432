"""What an operator sees of webhooks: taken, tried again, given up, left alone, and how old the oldest is."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import cast

import pytest
from prometheus_client import generate_latest

from streams.broker.clients import TopicFacts
from streams.foundation.errors import TopicMismatch
from streams.webhooks.addresses import WebhookAddress
from streams.webhooks.delivery import Deliverer, Watcher
from streams.webhooks.metrics import WebhookMetrics
from streams.webhooks.post import NotTaken, Poster
from streams.webhooks.run import require_same
from tests.unit.streams.webhooks.test_delivery import HASTY, NOW, SECRET, Scripted, delivery


def page(metrics: WebhookMetrics) -> dict[str, float]:
    """Return what the page says of the address `a`, by the short name of the metric."""
    lines = generate_latest(metrics.registry).decode().splitlines()
    said = (line.rpartition(" ") for line in lines if '{address="a"}' in line and "_created" not in line)
    return {
        name.partition("{")[0].removeprefix("ticketyard_webhook_"): float(value) for name, _, value in said
    }


def watched(poster: Scripted, metrics: WebhookMetrics, **fields: object) -> Deliverer:
    watcher = Watcher(retried=partial(metrics.retried, "a"), circuit=partial(metrics.circuit_is, "a"))
    address = WebhookAddress.model_validate({"url": "https://x/a", "secret_env": "S", **fields})
    return Deliverer(address, (SECRET,), cast("Poster", poster), now=lambda: NOW, pace=HASTY, watcher=watcher)


def test_a_new_address_has_a_page_of_zeros() -> None:
    """A rate over a counter that appears with its first failure would miss that failure."""
    names = ("delivered_total", "retried_total", "dead_total", "circuit_open", "oldest_seconds")
    assert page(WebhookMetrics(["a"], now=lambda: NOW)) == dict.fromkeys(names, 0.0)


def test_what_is_tried_again_is_counted_when_it_is() -> None:
    metrics = WebhookMetrics(["a"], now=lambda: NOW)
    poster = Scripted([NotTaken("HTTP 503", status=503), NotTaken("reset"), 204])
    asyncio.run(watched(poster, metrics).deliver(delivery()))
    assert page(metrics)["retried_total"] == 2


def test_an_address_that_is_left_alone_shows_until_it_takes_something() -> None:
    metrics = WebhookMetrics(["a"], now=lambda: NOW)
    failing = watched(Scripted([NotTaken("HTTP 500", status=500)]), metrics, deadline_s=60)
    for number, is_open in enumerate((0, 0, 1)):
        asyncio.run(failing.deliver(delivery(f"d-{number}", age_s=3600)))  # too late for a second attempt
        assert page(metrics)["circuit_open"] == is_open
    failing._breaker.close()
    assert page(metrics)["circuit_open"] == 0


def test_the_oldest_alert_on_its_way_is_told() -> None:
    metrics = WebhookMetrics(["a"], now=lambda: NOW)
    metrics.took_in_hand("a", "d-1", NOW - timedelta(seconds=90))
    metrics.took_in_hand("a", "d-2", NOW - timedelta(seconds=5))
    assert page(metrics)["oldest_seconds"] == 90
    metrics.ended("a", "d-1", delivered=False)
    assert page(metrics)["oldest_seconds"] == 5
    metrics.ended("a", "d-2", delivered=True)
    found = page(metrics)
    assert (found["oldest_seconds"], found["delivered_total"], found["dead_total"]) == (0, 1, 1)


def test_a_topic_that_is_another_one_stops_the_webhooks() -> None:
    """Its offsets mean other alerts: those below the committed ones would be passed over in silence."""
    known = TopicFacts(name="tickets.alerts", topic_id="one", partitions=4, replicas=1)
    require_same(known, known)
    with pytest.raises(TopicMismatch, match="id was one and is two"):
        require_same(known, TopicFacts(name="tickets.alerts", topic_id="two", partitions=4, replicas=1))


def test_more_partitions_forget_no_alert() -> None:
    """The message told to forget all that was not delivered, where a start goes on from the committed offsets."""
    known = TopicFacts(name="tickets.alerts", topic_id="one", partitions=4, replicas=1)
    with pytest.raises(TopicMismatch, match="had 4 partitions and has 8") as raised:
        require_same(known, TopicFacts(name="tickets.alerts", topic_id="one", partitions=8, replicas=1))
    assert "forget" not in str(raised.value)
