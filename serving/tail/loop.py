"""The tail's thread: looks for new runs, checks the topics, reads on and appends. It is the only writer."""

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog
from kafka.errors import KafkaError

from schemas.errors import Permanent
from schemas.records.topics import OPEN_TO_PRODUCERS, Topic
from schemas.views.manifest import CurrentRun
from serving.foundation.errors import OutOfMemory, RunUnusable
from serving.foundation.json_values import json_rows
from serving.foundation.runs import Run, load_run, read_pointer
from serving.foundation.state import ServedState, has_all_of_tail
from serving.merge.store import MergeStore
from serving.tail import progress
from serving.tail.kafka_log import Log, OutOfBounds
from serving.tail.lease import Lease
from serving.tail.progress import LiveTopic, Place
from serving.tail.rows import RefusedRecord, TailRecord, arrow_table, decode_records
from serving.tail.status import StatusBoard

_log = structlog.get_logger(__name__)

_NOTHING_TO_READ_S: Final = 0.5
_SHORTEST_REST_S: Final = 0.25
_LONGEST_REST_S: Final = 5.0


class TailTiming(msgspec.Struct, frozen=True, kw_only=True):
    """How often the tail does what, and how much it takes at once."""

    poll_ms: int
    batch_rows: int
    run_poll_s: float
    topic_check_s: float


class Tail:
    """Keeps the merge up to date. `clock` gives the time in UTC; `connect` opens the log."""

    def __init__(
        self,
        *,
        store: MergeStore,
        connect: Callable[[], Log],
        topics: Mapping[str, Topic],
        views: Path,
        timing: TailTiming,
        clock: Callable[[], datetime],
        status: StatusBoard,
        on_failure: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._connect = connect
        self._topics = dict(topics)
        self._views = views
        self._lease = Lease(views, clock)
        self._timing = timing
        self._clock = clock
        self._status = status
        self._on_failure = on_failure
        self._state = progress.initial_state(topics)
        self._live: Mapping[str, LiveTopic] | None = None
        self._log: Log | None = None
        self._reading: dict[Place, int] = {}
        self._pointer: CurrentRun | None = None
        self._candidate: str | None = None
        self._next_run_look = self._next_topic_check = 0.0

    def start(self) -> None:
        """Create the merge, empty, and switch to the current run if there is one."""
        self._store.install(self._state)
        self._status.serve(self._state)
        self._status.change(alive=True)
        self._try(self.look_for_run)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; what may pass is waited out, any other error ends the thread."""
        rest_s = 0.0
        try:
            while not stop.wait(rest_s):
                rest_s = self.try_step(rest_s)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be shown and end the process
            self._status.change(failure=f"{type(error).__name__}: {error}")
            _log.exception("the tail has failed; serving has to start again")
            self._on_failure()
        finally:
            self._status.change(alive=False)
            self._lease.release()
            self._disconnect()

    def try_step(self, rested_s: float) -> float:
        """Make a step and return how many seconds to rest before the next; after an error more each time."""
        if not self._try(self.step):
            # Whatever was fetched and not appended is read again, from where the state says.
            self._disconnect()
            return min(_LONGEST_REST_S, max(_SHORTEST_REST_S, 2 * rested_s))
        self._status.change(waiting_for=None)
        return 0.0 if self._reading else _NOTHING_TO_READ_S

    def _try(self, work: Callable[[], None]) -> bool:
        """Do `work` and return True; where it fails by what may pass, say so and return False."""
        try:
            work()
        except (KafkaError, OSError, Permanent, OutOfMemory) as error:
            message = f"{type(error).__name__}: {error}"
            if self._status.now.waiting_for != message:
                _log.warning("the tail cannot go on; trying again", error=message)
            self._status.change(waiting_for=message)
            return False
        return True

    def step(self) -> None:
        """Do once what is due: look for a run, check the topics, read on."""
        now = self._clock().timestamp()
        self._hold()  # however rarely it looks for runs
        if now >= self._next_run_look:
            self._next_run_look = now + self._timing.run_poll_s
            self.look_for_run()
        if self._log is None:
            self._log = self._connect()
            self._reading, self._next_topic_check = {}, 0.0
        if now >= self._next_topic_check or not self._reading:
            self._next_topic_check = now + self._timing.topic_check_s
            self.check_topics(self._log)
        self._follow(self._log)
        if self._reading:
            self._read(self._log)

    def look_for_run(self) -> None:
        """Switch to the run that the pointer names, if it is another and a good one."""
        try:
            pointer = read_pointer(self._views)
            if pointer is None:
                return
            # Before its files are looked at: from now on batch leaves them where they are.
            self._candidate = pointer.run_id
            self._hold()
            if pointer == self._pointer:
                return
            self._switch(load_run(self._views, pointer))
        except RunUnusable as error:
            message = str(error)
            if self._status.now.run_error != message:
                _log.error("the new batch run is not served", error=message, serving=self._state.run_id)
            self._status.change(run_error=message)
            return
        self._pointer = pointer
        self._hold()
        self._status.change(run_error=None)
        self._status.count(switches=1)
        _log.info("serving a new batch run", run_id=self._state.run_id)

    def _hold(self) -> None:
        try:
            self._lease.hold(self._state.run_id, self._candidate)
        except OSError as error:
            run_id = self._state.run_id or self._candidate
            message = f"batch does not know that this server reads run {run_id}: {error}"
            if self._status.now.lease_error != message:
                _log.warning("no lease could be written", error=message)
            self._status.change(lease_error=message)
        else:
            self._status.change(lease_error=None)

    def _switch(self, run: Run) -> None:
        manifest = run.manifest
        new = progress.state_for_run(self._state, manifest, self._live)
        recreated = [gap for gap in new.gaps if gap.kind == "recreated"]
        if recreated and self._state.run_id is not None:
            raise RunUnusable(
                f"run {run.run_id} is of other topics: {recreated[0].message}; {recreated[0].act}"
            )
        boundary = {
            topic: manifest.boundary[name].offsets
            for name, topic in self._topics.items()
            if name in manifest.boundary
        }
        self._store.switch(run, new, boundary, keep_tail=progress.continues(self._state, manifest))
        self._state = new
        self._status.serve(new, json_rows(self._store.newest_drift()))

    def check_topics(self, log: Log) -> None:
        """Compare the topics with what the state says of them; a gap where one is gone or was recreated."""
        live = self._live = log.describe()
        self._keep(progress.with_topic_gaps(progress.with_live_topics(self._state, live), live))

    def _follow(self, log: Log) -> None:
        """Read from where the state says, if the log reads elsewhere: at the start, and after a switch."""
        wanted = progress.readable(self._state)
        if wanted == self._reading:
            return
        moved = {place for place in wanted if self._reading.get(place) != wanted[place]}
        self._keep(progress.within_bounds(self._state, log.bounds(moved)))
        self._reading = progress.readable(self._state)
        log.seek(self._reading)

    def _read(self, log: Log) -> None:
        # Asked before reading: whatever reached the broker until now lies below these ends.
        asked_ms = int(self._clock().timestamp() * 1000)
        ends = log.ends(self._reading)
        try:
            records = log.poll(self._timing.poll_ms, self._timing.batch_rows)
            nexts = log.positions()
        except OutOfBounds:
            self._reading = {}
            return
        if records:
            # A topic that has its old id now had it when these were read: ids never return.
            self.check_topics(log)
            if progress.readable(self._state).keys() != self._reading.keys():
                return
        self._append(records, nexts, ends, asked_ms)

    def _append(
        self, records: list[TailRecord], nexts: dict[Place, int], ends: Mapping[Place, int], asked_ms: int
    ) -> None:
        marks = _last_times(records, self._full_names())
        for place, end in ends.items():
            if nexts.get(place, 0) >= end:
                marks[place] = max(asked_ms, marks.get(place, 0))
        rows, refused = decode_records(records, self._topic_ids())
        new = self._with_refused(progress.advance(self._state, nexts, marks), refused)
        new = progress.with_caught_up(new, ends)
        self._store.append({name: arrow_table(name, found) for name, found in rows.items()}, new)
        self._state, self._reading = new, {**self._reading, **nexts}
        self._status.serve(new)
        lag = sum(max(0, end - nexts.get(place, 0)) for place, end in ends.items())
        self._status.change(lag=lag, ready=self._status.now.ready or has_all_of_tail(new))
        self._status.count(records=len(records), refused=len(refused))

    def _with_refused(self, state: ServedState, refused: Iterable[RefusedRecord]) -> ServedState:
        names = self._full_names()
        for one in refused:
            record = one.record
            place = (names[record.topic], record.partition)
            _log.error("a record cannot be read", topic=place[0], offset=record.offset, error=one.error)
            if record.topic not in OPEN_TO_PRODUCERS:
                state = progress.with_undecodable(state, place, record.offset, one.error)
        return state

    def _full_names(self) -> dict[Topic, str]:
        return {topic: name for name, topic in self._topics.items()}

    def _topic_ids(self) -> dict[Topic, str]:
        return {topic: self._state.topics[name].topic_id or "" for name, topic in self._topics.items()}

    def _keep(self, state: ServedState) -> None:
        if state != self._state:
            self._store.write_state(state)
            self._state = state
            self._status.serve(state)

    def _disconnect(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            log.close()


def _last_times(records: Iterable[TailRecord], names: Mapping[Topic, str]) -> dict[Place, int]:
    marks: dict[Place, int] = {}
    for record in records:
        place = (names[record.topic], record.partition)
        marks[place] = max(record.timestamp_ms, marks.get(place, 0))
    return marks
