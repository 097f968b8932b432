"""The demonstration step by step: start, train, stream with a batch cycle in the middle, wait, measure."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from infra.demo.bad_input import publish_bad_records
from infra.demo.measuring import (
    SOURCE,
    measure,
    wait_until_batch_is_served,
    wait_until_routed,
    wait_until_served,
    wait_until_triage_works,
)
from infra.demo.outcome import Outcome
from infra.demo.recount import Published
from infra.demo.serving_client import ServingClient
from infra.pipeline import batch_part
from infra.processes.part import PartSpec
from infra.running import RunningPipeline
from schemas.taxonomy import load_taxonomy
from ticketyard import TicketProducer
from ticketyard.settings import ProducingSettings
from ticketyard.simulator import SimulationConfig, TimedEvent, simulate

STREAM_S: Final = 75.0
BATCH_AT_S: Final = 25.0
_ONCE_MINUTES: Final = 24 * 60.0


class Demo:
    """One demonstration on a pipeline of which only the broker runs; `say` is told of every step."""

    def __init__(
        self, pipeline: RunningPipeline, *, tickets: int, seed: int, say: Callable[[str], None]
    ) -> None:
        self._pipeline = pipeline
        self._settings = pipeline.settings
        self._tickets = tickets
        self._seed = seed
        self._say = say
        self._published = Published()

    def run(self, started_at: float) -> Outcome:
        """Tell the story; `started_at` is its start by the wall clock, in seconds.

        Raises Permanent or Transient where a step fails, naming its log.
        """
        self._say("starting workers and serving; they begin with the model that set-up made")
        self._pipeline.start()
        wait_until_triage_works(self._settings, self._settings.logs_folder / "triage.log")
        bad_records = self._stream()
        client = ServingClient(self._pipeline.addresses.http_url)
        wait_until_batch_is_served(client, self._settings.logs_folder / "batch.log")
        self._say("the batch cycle is done: archive, views and manifest are in place")
        self._say("the stream has ended; waiting until serving has all of it")
        wait_until_served(client, self._published)
        wait_until_routed(self._settings, client, self._published)
        self._say("checking every answer against a recount of the input")
        return measure(
            self._settings, client, self._published, bad_records=bad_records, started_at=started_at
        )

    def _stream(self) -> int:
        """Publish the simulated operation as it happens; return how many bad records went with it."""
        taxonomy = load_taxonomy(self._settings.taxonomy)
        config = SimulationConfig(tickets=self._tickets, duration=timedelta(seconds=STREAM_S))
        self._pipeline.start([self._batch_worker()])
        producing = ProducingSettings(bootstrap_servers=self._settings.bootstrap_servers)
        with TicketProducer(producing, source=SOURCE) as producer:
            start = datetime.now(UTC)
            self._say(f"streaming {self._tickets:,} simulated tickets and their lives for {STREAM_S:.0f} s")
            events = iter(simulate(config, self._seed, start, taxonomy))
            self._publish_until(start + timedelta(seconds=BATCH_AT_S), events, producer)
            self._say(f"{len(self._published.events):,} events so far; a batch cycle runs under the stream")
            bad_records = publish_bad_records(self._settings)
            self._publish_until(start + timedelta(days=1), events, producer)
        return bad_records

    def _batch_worker(self) -> PartSpec:
        """Return what `up` runs too; its Spark starts at once, and its one cycle comes in the middle of the stream."""
        options = ("--first-after", str(BATCH_AT_S))
        return batch_part(self._settings, self._pipeline.addresses, *options, every_minutes=_ONCE_MINUTES)

    def _publish_until(self, end: datetime, events: Iterator[TimedEvent], producer: TicketProducer) -> None:
        """Publish each event when it is due; lateness here counts as the pipeline's (open loop)."""
        for timed in events:
            wait_s = (timed.at - datetime.now(UTC)).total_seconds()
            if wait_s > 0:
                time.sleep(wait_s)
            producer.send(timed.event, id=timed.id, time=timed.at)
            self._published.note(timed)
            if timed.at >= end:
                return
