"""A worker process: one stage on Faust or several, each with its watchdog, until told to stop or one must end."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, cast

import faust
import structlog
from faust.types import TP

from schemas.errors import Permanent
from streams.broker.faust_consumer import FinishedOffsetsConsumer, transport_for
from streams.broker.faust_credentials import faust_credentials
from streams.foundation.errors import EXIT_RESTART, EXIT_STAY_DOWN
from streams.foundation.fault_points import kill_at
from streams.foundation.metrics import OnePage, StageMetrics
from streams.foundation.settings import StreamSettings
from streams.runtime.assembly import Assembly
from streams.runtime.backlog import Backlog, backlog_of
from streams.runtime.stage_runtime import NewEngine, StageRuntime
from streams.runtime.stage_spec import StageSpec, group_of, last_resort
from streams.runtime.step_cost import UNHURRIED
from streams.runtime.watchdog import SignsOfLife, Watchdog

_log = structlog.get_logger(__name__)
_PULSE_S: Final = 0.5
_DAY_S: Final = 86_400.0


def end_process(stage: str, error: BaseException) -> None:
    """End this process at once, from any thread; nothing unfinished has been acknowledged, so none is lost."""
    code = EXIT_STAY_DOWN if isinstance(error, Permanent) else EXIT_RESTART
    _log.error(
        "worker.ends",
        stage=stage,
        error=type(error).__name__,
        message=str(error),
        exit_code=code,
        exc_info=error,
    )
    os._exit(code)


def _nothing() -> None:
    """A stateful stage follows no models."""


class Worker:
    """One stage in this process: its Faust app, its watchdog and its metrics."""

    def __init__(self, spec: StageSpec, settings: StreamSettings) -> None:
        self._settings = settings
        self._end = partial(end_process, spec.name)
        self.metrics = StageMetrics(spec.name)
        self._assembly = Assembly(spec, settings, metrics=self.metrics, reached=kill_at(settings.crash_at))
        self._stop_triage: Callable[[], None] = _nothing
        self._runtime = self._new_runtime()
        self._signs = SignsOfLife(time.monotonic())
        self.app = self._faust_app(spec.name)

    def _faust_app(self, stage: str) -> faust.App:
        settings = self._settings
        folder = settings.home / "faust" / stage
        folder.mkdir(parents=True, exist_ok=True)  # Faust makes only the last level
        app = faust.App(
            group_of(stage, settings),
            broker=[f"kafka://{server}" for server in settings.required_bootstrap_servers().split(",")],
            broker_credentials=faust_credentials(settings),
            autodiscover=False,
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            stream_wait_empty=False,
            broker_max_poll_records=500,
            broker_max_poll_interval=_DAY_S,  # a state may take long to restore; the watchdog sees what is stuck
            broker_commit_interval=settings.commit_interval_s,
            broker_commit_every=None,
            broker_session_timeout=settings.session_timeout_s,
            broker_heartbeat_interval=settings.session_timeout_s / 3,
            broker_request_timeout=40.0,
            consumer_group_instance_id=settings.worker_id or None,
            consumer_auto_offset_reset="earliest",
            consumer_max_fetch_size=8 * 1024 * 1024,
            worker_redirect_stdouts=False,
            loghandlers=[],
            datadir=folder,
        )
        app.transport = transport_for(self)(app.conf.broker_consumer, app)
        inputs: Any = app.topic(*self._assembly.roles)
        app.topics.add(inputs.clone(is_iterator=True))  # as iterating would: what the app subscribes to
        self._connect_signals(app)
        return app

    def _connect_signals(self, app: Any) -> None:
        """`app` is Any as Faust's types say `signal` is a handler's keyword, which `**_kwargs` takes."""
        app.on_partitions_revoked.connect(self._on_revoked, weak=False)
        app.on_partitions_assigned.connect(self._on_assigned, weak=False)
        app.on_before_shutdown.connect(self._on_shutdown, weak=False)

    async def deliver(self, tp: TP, records: Sequence[Any]) -> None:
        """See faust_consumer.ConsumerListener."""
        with self._ending_on_error():
            self._runtime.accept(tp.topic, tp.partition, records)

    def has_room(self, tp: TP) -> bool:
        """See faust_consumer.ConsumerListener."""
        return self._runtime.has_room(tp.partition)

    @contextmanager
    def _ending_on_error(self) -> Iterator[None]:
        """End this process where the block raises: Faust would stop the app, and may never come to the end of that."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, a worker that does nothing must not stay
            self._end(error)

    def committable(self, topic: str, partition: int) -> int | None:
        """See faust_consumer.ConsumerListener."""
        return self._runtime.committable(topic, partition)

    def fetch_spacing_s(self) -> float:
        """See faust_consumer.ConsumerListener."""
        return self._runtime.cost.spacing_s()

    def stamp(self, topic: str) -> str:
        """See faust_consumer.ConsumerListener."""
        return self._assembly.roles[topic].topic_id

    def commit_failed(self) -> None:
        """See faust_consumer.ConsumerListener."""
        self.metrics.failed_commits.inc()

    def _new_runtime(self) -> StageRuntime:
        assembly, settings = self._assembly, self._settings
        stateless = assembly.spec.state is None
        return StageRuntime(
            roles=assembly.roles,
            new_engine=self._triage_engines() if stateless else assembly.step_engine,
            settings=settings,
            step_records=settings.score_texts if stateless else settings.step_records,
            idle_s=settings.watermark_interval_s if stateless else 0.0,
            partitions=assembly.partitions,
            gather_s=0.0 if assembly.spec.hurried else UNHURRIED * settings.fetch_spacing_s,
            metrics=self.metrics,
            failed=self._end,
        )

    def _new_watchdog(self) -> Watchdog:
        return Watchdog(
            runtime=self._runtime,
            signs=self._signs,
            new_reader=self._assembly.new_reader,
            current_roles=self._assembly.current_roles,
            limit_s=self._settings.stalled_after_s,
            join_limit_s=self._settings.join_timeout_s,
            last_resort=last_resort(self._assembly.spec),
            end=self._end,
        )

    def _triage_engines(self) -> NewEngine:
        # Imported here: only triage needs the scorer, and its libraries take seconds and 100 MB to load.
        from streams.stages.triage.assembly import TriageAssembly  # noqa: PLC0415

        triage = TriageAssembly(self._assembly, self._caught_up, self._backlog)
        self._stop_triage = triage.stop
        return triage.engine

    def _caught_up(self, partition: int, next_offset: int) -> bool:
        """Whether the broker has just said that it has nothing beyond `next_offset`."""
        (name,) = self._assembly.roles
        heard = cast("FinishedOffsetsConsumer", self.app.consumer).heard(TP(name, partition))
        return heard is not None and heard.is_caught_up(next_offset, time.time())

    def _committed_end(self, topic: str, partition: int) -> int | None:
        """Return the end of what is committed of a partition, as last heard; None where it is not this worker's."""
        heard = cast("FinishedOffsetsConsumer", self.app.consumer).heard(TP(topic, partition))
        return None if heard is None else heard.committed_end

    def _backlog(self) -> Backlog:
        """What waits in the partitions of this worker."""
        return backlog_of(self._runtime.owned().values(), self._committed_end, time.monotonic())

    async def _on_revoked(self, _app: Any, *revoked: Any, **_kwargs: Any) -> None:
        self._signs.revoked(time.monotonic())
        with self._ending_on_error():
            await self._runtime.revoked(revoked[0])

    async def _on_assigned(self, _app: Any, *assigned: Any, **_kwargs: Any) -> None:
        with self._ending_on_error():
            await self._runtime.assigned(assigned[0])
        self._signs.assigned()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        """Show that the loop turns; not a task of Faust's, as those begin with the first assignment."""
        self._signs.beat(time.monotonic())
        loop.call_later(_PULSE_S, self._beat, loop)

    async def _on_shutdown(self, _app: Any, *_arguments: Any, **_kwargs: Any) -> None:
        self._signs.leave(time.monotonic())
        await self._runtime.close()  # steps in hand may still score
        self._stop_triage()

    def start_watching(self, loop: asyncio.AbstractEventLoop) -> Watchdog:
        """Let the watchdog look on, from before the app starts until it is stopped."""
        loop.call_soon(self._beat, loop)
        watchdog = self._new_watchdog()
        watchdog.start()
        return watchdog


def run_workers(workers: Sequence[Worker], *, metrics_port: int) -> None:
    """Run workers of different stages on one event loop until a signal; returns by SystemExit.

    They share nothing but the process: groups, transactions and watchdogs are each stage's own. Whatever ends one of
    them ends the process, so all of them, with its exit code.
    """
    _serve_metrics(workers, metrics_port)
    first, *others = (worker.app for worker in workers)
    faust_worker = faust.Worker(first, *others, quiet=True, redirect_stdouts=False, override_logging=False)
    faust_worker.spinner = None  # its terminal codes would come before the JSON of a log line
    watchdogs = [worker.start_watching(faust_worker.loop) for worker in workers]
    try:
        faust_worker.execute_from_commandline()
    finally:
        for watchdog in watchdogs:
            watchdog.stop()


def _serve_metrics(workers: Sequence[Worker], port: int) -> None:
    """Offer the metrics page; tickets must flow also where its port has been taken since it was chosen."""
    if not port:
        return
    try:
        OnePage(worker.metrics for worker in workers).serve(port)
    except OSError as error:
        _log.error(
            "metrics.not_served", port=port, error=str(error), act="free the port and restart the worker"
        )
