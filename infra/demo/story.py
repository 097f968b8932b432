"""The demonstration step by step: start, train, stream with a batch cycle in the middle, wait, measure."""

import os
import subprocess
import threading
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
)
from infra.demo.outcome import Outcome
from infra.demo.recount import Published
from infra.pipeline import batch_part, ticketyard
from infra.processes.part import PartSpec
from infra.replays.serving_client import ServingClient
from infra.running import RunningPipeline
from schemas.errors import Permanent
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
        publishing = Background(lambda: self._command("batch", "train"))
        bad_records = self._stream()
        publishing.result()
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
        options = ("--skip-train", "--first-after", str(BATCH_AT_S))
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

    def _command(self, *arguments: str) -> None:
        """Run a `ticketyard` command to its end; what it says goes to a log of its own."""
        log = self._settings.logs_folder / f"{'-'.join(word for word in arguments if word.isalpha())}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            **self._pipeline.addresses.environment(),
            "TICKETYARD_HOME": str(self._settings.home),
        }
        with log.open("wb") as file:
            done = subprocess.run(
                ticketyard(*arguments), stdout=file, stderr=file, env=environment, check=False
            )
        if done.returncode:
            tail = " ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
            raise Permanent(
                f"`ticketyard {' '.join(arguments)}` ended with code {done.returncode}; see {log}: {tail}"
            )


class Background:
    """Runs something beside the caller, and raises in `result` what it raised."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by `result`, in the caller's thread
            self._error = error

    def result(self) -> None:
        """Wait for the end."""
        self._thread.join()
        if self._error is not None:
            raise self._error
