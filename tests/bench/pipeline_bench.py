"""The sections of the benchmark: each starts what it needs, offers load, waits for the end, and reads the topics."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as ConfluentPartition
from kafka import KafkaConsumer, TopicPartition
from rich.console import Console
from rich.table import Table

from infra.pipeline import stage_parts
from infra.replays.bundle_release import release_bundle
from infra.running import RunningPipeline, running_pipeline
from infra.settings import InfraSettings
from schemas.topics import Topic
from schemas.vocabulary import TRIAGE_TEAM
from streams.settings import StreamSettings
from streams.stages import group_of
from tests.bench.bare_loop import bare_loop_rate
from tests.bench.latency_shares import by_step, journeys, part_times, total
from tests.bench.offered_load import HOLD_S, OfferedLoad, staff, tickets

TRIAGE_RATE, LATENCY_RATE, END_TO_END_RATE = 1000.0, 200.0, 500.0
P99_MS: Final = 500.0
NEAR_MS: Final = 100.0
KEPT_UP: Final = 0.98
"""A rate is sustained when so much of it is handled, steadily, while it is offered."""
_SETTLED_S: Final = 3.0


@dataclass
class Bars:
    """What must be reached, and what was."""

    rows: list[tuple[str, str, str, bool]] = field(default_factory=list)

    def add(self, what: str, bar: str, measured: str, *, held: bool) -> None:
        """Note one bar."""
        self.rows.append((what, bar, measured, held))

    @property
    def held(self) -> bool:
        """Whether all bars were reached."""
        return all(row[-1] for row in self.rows)

    def show(self, console: Console) -> None:
        """Print them."""
        table = Table("what", "bar", "measured (median of rounds)", "")
        for what, bar, measured, held in self.rows:
            table.add_row(what, bar, measured, "reached" if held else "NOT reached")
        console.print(table)


class PipelineBench:
    """Runs sections in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        bundle: Path,
        texts: Sequence[str],
        *,
        rounds: int,
        seconds: float,
        console: Console,
    ) -> None:
        self._folder = folder
        self._bundle = bundle
        self._texts = texts
        self._rounds = rounds
        self._seconds = seconds
        self._console = console

    def run(self, section: str, bars: Bars) -> None:
        """Run one section and note its bar."""
        self._console.rule(section)
        settings = InfraSettings(home=self._folder / section)
        with running_pipeline(settings, lambda _sentence: None) as pipeline:
            parts = pipeline.parts()
            if section == "triage":
                parts = [
                    part
                    for part in stage_parts(pipeline.settings, pipeline.addresses)
                    if part.name == section
                ]
            pipeline.start(parts)
            release_bundle(pipeline.settings, self._bundle)
            load = OfferedLoad(pipeline.settings)
            self._warm_up(pipeline, load, section)
            {"triage": self._triage, "latency": self._latency, "throughput": self._throughput}[section](
                pipeline, load, bars
            )

    def _warm_up(self, pipeline: RunningPipeline, load: OfferedLoad, section: str) -> None:
        """Two seconds of load, and its end: groups have joined, the model is loaded, code is warm."""
        rate = {"triage": TRIAGE_RATE, "latency": LATENCY_RATE, "throughput": END_TO_END_RATE}[section]
        if section != "triage":
            load.offer(staff([TRIAGE_TEAM], rate * HOLD_S))
        load.offer(tickets(self._texts, rate / 4, 4, "warm", resolve=False))
        until = Topic.TICKETS_ENRICHED if section == "triage" else Topic.TICKETS_DECISIONS
        _wait_for(pipeline, until, int(rate))

    def _triage(self, pipeline: RunningPipeline, load: OfferedLoad, bars: Bars) -> None:
        """Offered 1,000/s, and a backlog at once; watermarks travel in the same topic and are not counted."""
        offered, burst = [], []
        for number in range(self._rounds):
            offered.append(self._triaged_rate(pipeline, load, f"o{number}", TRIAGE_RATE, self._seconds))
            burst.append(self._triaged_rate(pipeline, load, f"b{number}", 1e6, 10_000 / 1e6))
        reference = bare_loop_rate(pipeline.settings, 10_000)
        self._console.print(
            f"offered {TRIAGE_RATE:.0f}/s: handled {_spread(offered)}/s; a backlog of 10,000: {_spread(burst)}/s; "
            f"a bare loop over the same records: {reference:,.0f}/s ({statistics.median(burst) / reference:.1%})"
        )
        held = statistics.median(offered) >= KEPT_UP * TRIAGE_RATE
        measured = (
            f"{statistics.median(offered):,.0f}/s offered, {statistics.median(burst):,.0f}/s from a backlog"
        )
        bars.add("triage alone", f"{TRIAGE_RATE:,.0f} tickets/s", measured, held=held)

    def _triaged_rate(
        self, pipeline: RunningPipeline, load: OfferedLoad, name: str, rate: float, seconds: float
    ) -> float:
        due = tickets(self._texts, rate, seconds, name, resolve=False)
        load.offer(due)
        _wait_until_triaged(pipeline)
        arrived = list(journeys(pipeline.settings, f"{name}-", until="enriched").values())
        assert len(arrived) == len(due), f"{len(due) - len(arrived)} tickets were not triaged"
        first = min(journey.event for journey in arrived)
        return 1000 * len(arrived) / (max(journey.enriched for journey in arrived) - first)

    def _latency(self, pipeline: RunningPipeline, load: OfferedLoad, bars: Bars) -> None:
        """Scheduled send to first decision at 200/s, and each stage's share of it."""
        p99s, near = [], []
        for number in range(self._rounds):
            load.offer(tickets(self._texts, LATENCY_RATE, self._seconds, f"l{number}"))
            _wait_until_settled(pipeline, Topic.TICKETS_DECISIONS)
            found = journeys(pipeline.settings, f"l{number}-")
            waits, expected = total(found), int(LATENCY_RATE * self._seconds)
            assert len(found) == expected, f"{expected - len(found)} tickets have no decision"
            p99s.append(waits.percentile(0.99))
            near.append(waits.within(NEAR_MS))
            self._console.print(
                f"round {number + 1}: p50 {waits.percentile(0.5):.0f}, p95 {waits.percentile(0.95):.0f}, "
                f"p99 {waits.percentile(0.99):.0f}, worst {waits.percentile(1):.0f} ms; "
                f"{near[-1]:.1%} within {NEAR_MS:.0f} ms; the load came {load.latest_s * 1000:.0f} ms late at most"
            )
        table = Table("step (last round)", "p50 ms", "p99 ms", "share of the mean")
        mean = statistics.mean(total(found).values)
        for step, values in by_step(found).items():
            share = statistics.mean(values.values) / mean
            table.add_row(
                step, f"{values.percentile(0.5):.0f}", f"{values.percentile(0.99):.0f}", f"{share:.0%}"
            )
        self._console.print(table)
        urls = pipeline.addresses.endpoints().metrics_urls.values()
        self._console.print(f"p50 by part, all rounds: {part_times(urls).told()}")
        p99 = statistics.median(p99s)
        measured = f"p99 {p99:.0f} ms, {statistics.median(near):.1%} within {NEAR_MS:.0f} ms"
        bars.add(
            f"first decision at {LATENCY_RATE:.0f}/s",
            f"p99 under {P99_MS:.0f} ms",
            measured,
            held=p99 < P99_MS,
        )

    def _throughput(self, pipeline: RunningPipeline, load: OfferedLoad, bars: Bars) -> None:
        """Offered 500 tickets/s, each resolved ten seconds later: about 1,500 records/s through cases."""
        rates = []
        for number in range(self._rounds):
            start = load.offer(tickets(self._texts, END_TO_END_RATE, self._seconds, f"t{number}"))
            _wait_until_settled(pipeline, Topic.TICKETS_DECISIONS)
            found = journeys(pipeline.settings, f"t{number}-")
            expected = int(END_TO_END_RATE * self._seconds)
            assert len(found) == expected, f"{expected - len(found)} tickets have no decision"
            rates.append(_steady_rate([journey.decision / 1000 for journey in found.values()]))
            behind = (
                max(journey.decision for journey in found.values()) / 1000 - start.timestamp() - self._seconds
            )
            waits = total(found)
            self._console.print(
                f"round {number + 1}: {rates[-1]:,.0f} tickets/s; p50 {waits.percentile(0.5):.0f}, "
                f"p99 {waits.percentile(0.99):.0f} ms from the scheduled send; the last {behind:.1f} s after its end"
            )
        median = statistics.median(rates)
        held = median >= KEPT_UP * END_TO_END_RATE
        bars.add("end to end", f"{END_TO_END_RATE:.0f} tickets/s", f"{_spread(rates)}/s", held=held)


def _steady_rate(decided_s: Sequence[float]) -> float:
    """Return decisions a second after the first fifth of them, in which a load that starts at once is taken up."""
    times = sorted(decided_s)
    fifth = len(times) // 5
    return (len(times) - fifth) / (times[-1] - times[fifth])


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def _ends(pipeline: RunningPipeline, topic: Topic) -> int:
    settings = pipeline.settings
    consumer = KafkaConsumer(**settings.kafka_python_options(), enable_auto_commit=False)
    try:
        name = settings.topic_prefix + topic
        partitions = [TopicPartition(name, number) for number in range(settings.ticket_partitions)]
        return sum(consumer.end_offsets(partitions).values())
    finally:
        consumer.close()


def _wait_for(pipeline: RunningPipeline, topic: Topic, count: int, within_s: float = 120.0) -> None:
    deadline = time.monotonic() + within_s
    while _ends(pipeline, topic) < count:
        assert time.monotonic() < deadline, (
            f"{topic} has not {count} records within {within_s:.0f} s; see the logs"
        )
        time.sleep(0.2)


def _wait_until_settled(pipeline: RunningPipeline, topic: Topic) -> None:
    """Wait until a topic has not grown for three seconds."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < _SETTLED_S:
        time.sleep(0.25)
        if (end := _ends(pipeline, topic)) != last:
            last, since = end, time.monotonic()


def _wait_until_triaged(pipeline: RunningPipeline, within_s: float = 120.0) -> None:
    """Wait until triage has committed everything; its output grows by watermarks for ever."""
    settings = pipeline.settings
    name = settings.topic_prefix + Topic.TICKETS_EVENTS
    asking = Consumer({**settings.confluent_options(), "group.id": group_of("triage", StreamSettings())})
    deadline = time.monotonic() + within_s
    try:
        wanted = [ConfluentPartition(name, number) for number in range(settings.ticket_partitions)]
        while sum(max(0, found.offset) for found in asking.committed(wanted, timeout=10)) < _ends(
            pipeline, Topic.TICKETS_EVENTS
        ):
            assert time.monotonic() < deadline, f"triage is not done within {within_s:.0f} s; see its log"
            time.sleep(0.2)
    finally:
        asking.close()
