"""Runs the webhooks of a file until stopped; ends with an exit code that the supervisor understands."""

import asyncio
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NoReturn

import structlog

from process.logs import configure_logs
from schemas.errors import Permanent, Transient
from schemas.records.topics import Topic
from streams.broker.clients import TopicFacts, flushed_producer, member, topic_facts
from streams.foundation.errors import EXIT_RESTART, EXIT_STAY_DOWN, BrokerFailed, TopicMismatch
from streams.foundation.fault_points import kill_at
from streams.foundation.record import Emission
from streams.foundation.settings import StreamSettings
from streams.runtime.assembly import utc_now
from streams.runtime.stage_spec import group_of, names_of
from streams.steps.outbox import Outbox
from streams.webhooks.addresses import Webhooks, read_webhooks
from streams.webhooks.courier import Courier, Shared
from streams.webhooks.delivery import Deliverer, Watcher
from streams.webhooks.guard import resolve
from streams.webhooks.letters import STAGE
from streams.webhooks.metrics import WebhookMetrics
from streams.webhooks.post import Poster, new_client
from streams.webhooks.signing import secrets_of

_log = structlog.get_logger(__name__)
_LOOK_S: Final = 10.0
_TOPICS: Final = (Topic.TICKETS_ALERTS, Topic.ALERTS_DELIVERIES, Topic.TICKETS_DEAD)


class NoWebhooks(Permanent):
    """No file of webhooks is named."""


def run_webhooks() -> NoReturn:
    """Carry alerts until a signal. A Permanent error ends with exit code 78: a restart cannot help."""
    configure_logs("stream-webhooks")
    code = 0
    try:
        asyncio.run(_run(StreamSettings()))
    except* asyncio.CancelledError:
        pass  # a signal
    except* Permanent as failed:
        code = EXIT_STAY_DOWN
        _tell(failed)
    except* Transient as failed:
        code = code or EXIT_RESTART
        _tell(failed)
    sys.exit(code)


def _tell(failed: BaseExceptionGroup[BaseException]) -> None:
    for error in failed.exceptions:
        if isinstance(error, BaseExceptionGroup):
            _tell(error)
        else:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")


def webhooks_of(settings: StreamSettings) -> Webhooks:
    """Return the webhooks of the file that the settings name. Raises NoWebhooks or WebhooksError."""
    if settings.webhooks is None:
        raise NoWebhooks("no webhooks are named: set TICKETYARD_WEBHOOKS to a file of them (docs/alerts.md)")
    return read_webhooks(settings.webhooks)


def group_of_address(name: str, settings: StreamSettings) -> str:
    """Return the consumer group under which the address of that name reads."""
    return f"{group_of(STAGE, settings)}-{name}"


async def _run(settings: StreamSettings) -> None:
    webhooks = webhooks_of(settings)
    names = names_of(settings)
    facts = topic_facts(settings, [names[topic] for topic in _TOPICS])
    outbox = Outbox(
        producer=flushed_producer(settings),
        topic_names=names,
        timeout_s=settings.delivery_timeout_s + 5,
        waited=lambda _part, _seconds: None,
        reached=kill_at(settings.crash_at),
    )
    one_at_a_time = ThreadPoolExecutor(max_workers=1, thread_name_prefix="webhook-outbox")

    async def send(emissions: list[Emission]) -> None:
        await asyncio.get_running_loop().run_in_executor(one_at_a_time, outbox.send, emissions)

    topic = names[Topic.TICKETS_ALERTS]
    metrics = WebhookMetrics(webhooks.addresses, now=utc_now)
    metrics.serve(settings.metrics_port)
    shared = Shared(
        topic=topic,
        topic_id=facts[topic].topic_id,
        partitions={which: facts[names[which]].partitions for which in _TOPICS},
        send=send,
        now=utc_now,
        metrics=metrics,
    )
    _stop_on_signals()
    async with new_client() as client, asyncio.TaskGroup() as running:
        poster = Poster(client=client, allowed=webhooks.allowed_networks, resolve=resolve)
        for name, address in webhooks.addresses.items():
            secrets = secrets_of(address.secret_env, os.environ)
            watcher = Watcher(
                retried=partial(metrics.retried, name), circuit=partial(metrics.circuit_is, name)
            )
            deliverer = Deliverer(address, secrets, poster, now=utc_now, watcher=watcher)
            consumer = member(settings, group_of_address(name, settings))
            running.create_task(Courier(name, address, deliverer, consumer, shared).run())
        running.create_task(_watch_topic(settings, facts[topic]))
        _log.info("webhooks.run", addresses=list(webhooks.addresses))


async def _watch_topic(settings: StreamSettings, known: TopicFacts) -> None:
    """Raise TopicMismatch once the topic is another one than that which is being read."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            now = (await loop.run_in_executor(None, topic_facts, settings, [known.name]))[known.name]
        except BrokerFailed as error:
            _log.warning("webhooks.topic_not_checked", error=str(error))
            continue
        require_same(known, now)


def require_same(known: TopicFacts, now: TopicFacts) -> None:
    """Raise TopicMismatch where a topic has been created again since, or given partitions that nobody reads."""
    if now.topic_id != known.topic_id:
        raise TopicMismatch(
            f"topic {known.name} was created again while it was read: its id was {known.topic_id} and is "
            f"{now.topic_id}. Let each address begin with what comes from now on by `ticketyard webhooks forget NAME "
            "--yes`, and start the webhooks again"
        )
    if now.partitions != known.partitions:
        raise TopicMismatch(
            f"topic {known.name} had {known.partitions} partitions and has {now.partitions}. Start the webhooks again; "
            "each address goes on where it was"
        )


def _stop_on_signals() -> None:
    """Cancel this task on a signal, and so all couriers; they leave their groups on the way out."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
