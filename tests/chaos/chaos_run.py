"""A pipeline to be broken: its workers under the supervisor, traffic, what was done to it, and the verifier."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import pytest

from infra.foundation.settings import InfraSettings
from infra.pipeline import stage_parts
from infra.processes.part import PartSpec, PartStatus
from infra.running import RunningPipeline, running_pipeline
from streams.foundation.fault_points import FaultPoint
from tests.chaos.findings import Findings
from tests.chaos.topic_records import Message, TopicReader
from tests.chaos.traffic import Traffic
from tests.chaos.verifier import verify
from tests.public_data.bundle_release import release_bundle
from tests.stage_harness import wait_for

ROOT: Final = Path(__file__).resolve().parents[2]
SESSION_TIMEOUT_S: Final = 6.0
_QUIET_S: Final = 3.0
_LOOK_EVERY_S: Final = 0.25
_EVENTS_BETWEEN_KILLS: Final = (200, 1200)
_KILLED_AT_WORK: Final = 0.75
_OUTPUTS: Final = {
    "triage": "tickets.enriched",
    "cases": "tickets.log",
    "routing": "tickets.decisions",
    "kafka": "tickets.decisions",
}
_IN_FLIGHT_MS: Final = 250
"""What a killed worker had handed to the operating system still arrives; outputs after this are its successor's."""


@dataclass
class ChaosRun:
    """One run: `kills` are all parts killed, with their moment (ms); `random_kills` those of them at random.

    `deaths` counts those at fault points, by stage and point; `takeovers_s` is how long each takeover took.
    """

    pipeline: RunningPipeline
    traffic: Traffic
    reader: TopicReader
    kills: list[tuple[str, int]] = field(default_factory=list)
    random_kills: list[tuple[str, int]] = field(default_factory=list)
    deaths: dict[str, int] = field(default_factory=dict)
    takeovers_s: dict[str, float] = field(default_factory=dict)
    started_at: float = field(default_factory=time.monotonic)
    _pause: threading.Event = field(default_factory=threading.Event)

    def part(self, name: str) -> PartStatus:
        """Return what the supervisor says of a part."""
        return next(status for status in self.pipeline.supervisor.status() if status.name == name)

    def owned(self, name: str) -> list[int]:
        """Return which partitions a worker said last that it owns."""
        log = self.part_log(name)
        assignments = [json.loads(line[line.index("{") :]) for line in log if '"partitions.assigned"' in line]
        return assignments[-1]["owned"] if assignments else []

    def part_log(self, name: str) -> list[str]:
        """Return the lines that a part has logged."""
        file = self.pipeline.settings.logs_folder / f"{name}.log"
        return file.read_text(errors="replace").splitlines() if file.exists() else []

    def kill(self, name: str) -> None:
        """`kill -9` a part as soon as it has a process."""
        wait_for(lambda: self.part(name).pid is not None, f"{name} to run", 60)
        self.pipeline.supervisor.kill(name)
        self.kills.append((name, int(time.time() * 1000)))

    def wait_for_restart(self, name: str) -> None:
        """Wait until a part answers again after its last kill; a kill that nobody has seen yet is not one."""
        kills = sum(killed == name for killed, _ in self.kills)
        wait_for(
            lambda: self.part(name).restarts >= kills and self.part(name).state == "running",
            f"{name} to answer again",
            240,
        )

    def kill_for_good(self, name: str) -> None:
        """`kill -9` a part and keep it from being started again."""
        self.kill(name)
        self.pipeline.supervisor.stop_part(name)

    def take_over(self, lost: str, heir: str, *, partitions: int) -> None:
        """Kill a worker for good, and wait until another of its stage owns all partitions."""
        self.kill_for_good(lost)
        wait_for(lambda: len(self.owned(heir)) == partitions, f"{heir} to own {partitions} partitions", 120)
        self.takeovers_s[f"{lost} by {heir}"] = round(time.time() - self.kills[-1][1] / 1000, 1)

    def kill_at_random(self, names: list[str], *, kills: int, random: Random) -> None:
        """Kill a part at random `kills` times while traffic flows: mostly at work, sometimes while it starts."""
        for _ in range(kills):
            events = random.randrange(*_EVENTS_BETWEEN_KILLS)
            self.wait_for_published(min(self.traffic.published + events, self.traffic.held_back_at))
            name = random.choice(names)
            if random.random() < _KILLED_AT_WORK:
                self.wait_for_output(name)
            self.kill(name)
            self.random_kills.append(self.kills[-1])

    def wait_for_published(self, count: int) -> None:
        """Wait until so many events have been published."""
        wait_for(lambda: self.traffic.published >= count, f"{count} events published", 300)

    def wait_for_output(self, name: str) -> None:
        """Wait until a stage has sent something since it was killed last; the roster may have nothing to say.

        Where kills took so long that no traffic is left but what is held back, there is nothing to wait for.
        """
        topic = _OUTPUTS.get(name)
        if topic is not None:
            since = (
                max((moment for killed, moment in self.kills if killed == name), default=0) + _IN_FLIGHT_MS
            )
            spent = self.traffic.held_back_at
            wait_for(
                lambda: self._has_output(topic, since) or self.traffic.published >= spent,
                f"output of {name}",
                120,
            )

    def _has_output(self, topic: str, since_ms: int) -> bool:
        self._look()
        return self.reader.latest_ms.get(topic, 0) > since_ms

    def _look(self) -> int:
        """Read what is new, not more often than a few times a second; return how much that was."""
        self._pause.wait(_LOOK_EVERY_S)
        return self.reader.more()

    def die_at(self, points: dict[str, tuple[FaultPoint, int]], *, deaths: int) -> None:
        """Replace stages by workers that die `deaths` times when they reach their point the n-th time.

        The doomed worker has the name in the group of the one it replaces, and so its partitions at once.
        """
        supervisor = self.pipeline.supervisor
        doomed = {stage: self._doomed(stage, point, nth) for stage, (point, nth) in points.items()}
        for stage in points:
            self.kill_for_good(stage)
        for spec in doomed.values():
            supervisor.add(spec)
        supervisor.start_parts([spec.name for spec in doomed.values()])
        for stage, (point, _) in points.items():
            name = doomed[stage].name
            wait_for(lambda name=name: supervisor.restarts(name) >= deaths, f"{name} to die", 120)  # type: ignore[misc]
            assert self.part(name).last_exit == "killed by signal 9", self.part(name)
            self.kill_for_good(name)
            self.deaths[f"{stage} {point}"] = supervisor.restarts(name)
            supervisor.start_parts([stage])

    def _doomed(self, stage: str, point: FaultPoint, nth: int) -> PartSpec:
        spec = next(part for part in self.pipeline.parts() if part.name == stage)
        name = f"{stage}-{point}"
        environment = {**spec.child.environment, "TICKETYARD_CRASH_AT": f"{point}:{nth}"}
        log = spec.child.log_file.with_name(f"{name}.log")
        return replace(spec, child=replace(spec.child, name=name, log_file=log, environment=environment))

    def settle(self, timeout_s: float = 240.0) -> Findings:
        """Publish the rest, wait until nothing is missing and nothing moves, and return what the verifier finds.

        Where something stays missing the findings say so: that is the caller's to judge.
        """
        self.traffic.finish()
        deadline, quiet_since = time.monotonic() + timeout_s, time.monotonic()
        while True:
            if self._look():
                quiet_since = time.monotonic()
            if time.monotonic() - quiet_since >= _QUIET_S or time.monotonic() > deadline:
                findings = verify(self.reader.messages)
                if not findings.missing or time.monotonic() > deadline:
                    return findings

    def messages(self, topic: str) -> list[Message]:
        """Return what was read of a topic."""
        return [message for message in self.reader.messages if message.topic == topic]

    def recoveries_s(self) -> dict[str, list[float]]:
        """Return, per stage, the seconds from each kill at random to the first output of the stage's next process.

        Of the broker: until routing decides again. What else was down then counts as well.
        """
        found: dict[str, list[float]] = {}
        kills = [*self.random_kills, *(kill for kill in self.kills if kill[0] == "kafka")]
        for stage, topic in _OUTPUTS.items():
            outputs = sorted(message.timestamp_ms for message in self.messages(topic))
            for name, killed_at in kills:
                later = [moment for moment in outputs if moment > killed_at + _IN_FLIGHT_MS]
                if name == stage and later:
                    found.setdefault(stage, []).append((later[0] - killed_at) / 1000)
        return found

    def other_ends(self) -> list[str]:
        """Return what workers said that ended by themselves."""
        names = sorted(log.stem for log in self.pipeline.settings.logs_folder.glob("*.log"))
        lines = [(name, line) for name in names for line in self.part_log(name) if '"worker.ends"' in line]
        return [f"{name}: {json.loads(line[line.index('{') :])['message']}" for name, line in lines]

    def summary(self, findings: Findings) -> str:
        """Return the run in figures, to read."""
        restarts = {status.name: status.restarts for status in self.pipeline.supervisor.status()}
        recoveries = ", ".join(
            f"{stage} {median(seconds):.1f} (at most {max(seconds):.1f}, n {len(seconds)})"
            for stage, seconds in self.recoveries_s().items()
        )
        lines = [
            f"tickets {self.traffic.opened:,}, ticket events {self.traffic.ticket_events:,}",
            f"duration {time.monotonic() - self.started_at:.0f} s",
            f"kill -9: {len(self.kills)}, {len(self.random_kills)} of them at random; deaths at points: {self.deaths}",
            f"takeovers, seconds: {self.takeovers_s}",
            f"restarts: {restarts}; ends other than by kill -9: {self.other_ends()}",
            f"seconds from a kill to the next output, median: {recoveries}",
        ]
        return "\n".join([*lines, str(findings)])


@contextmanager
def chaos_run(
    home: Path,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    tickets: int,
    seconds: float,
    **settings: Any,
) -> Iterator[ChaosRun]:
    """Start a broker and every stage in `home`, with a released model and traffic that waits to be started."""
    setup = Path(os.environ.get("TICKETYARD_HOME", ROOT / ".ticketyard")).absolute()
    monkeypatch.setenv("TICKETYARD_SETUP_FOLDER", str(setup))
    monkeypatch.setenv("TICKETYARD_SESSION_TIMEOUT_S", str(SESSION_TIMEOUT_S))
    chosen = InfraSettings(
        home=home, setup_folder=str(setup), batch_every_minutes=0, **{"stream_processes": "each", **settings}
    )
    with running_pipeline(chosen, report=print) as pipeline:
        release_bundle(pipeline.settings, bundle)
        traffic = Traffic(pipeline.settings, tickets=tickets, seconds=seconds, seed=20260301)
        reader = TopicReader(pipeline.settings.bootstrap_servers)
        pipeline.start(list(stage_parts(pipeline.settings, pipeline.addresses)))
        try:
            yield ChaosRun(pipeline, traffic, reader)
        finally:
            traffic.abandon()
            reader.close()
