"""What the whole pipeline takes while nothing comes: share of a core and memory, without a model and with one."""

import time
from collections.abc import Mapping
from typing import Final, NamedTuple

import psutil

from infra.running import RunningPipeline, running_pipeline
from tests.bench.report import Bar, Section
from tests.bench.run import BenchRun, home_of, pipeline_at_work

SETTLE_S: Final = 20.0
OBSERVED_S: Final = 30.0
BARS_WITHOUT: Final = {"cores": 0.1}
BARS_WITH: Final = {"cores": 0.1, "gigabytes": 0.9}
_WORDS: Final = {"cores": "{:.0%} of a core", "gigabytes": "{:.1f} GB"}


class Use(NamedTuple):
    """Share of one core over the time observed, and memory in GB of 10^9 bytes, shared pages counted once."""

    cores: float
    gigabytes: float


def measure(run: BenchRun) -> Section:
    """Watch the pipeline for half a minute before it has a model and, in a home of its own, with one."""
    section = Section("idle")
    run.say("idle without a model")
    with running_pipeline(home_of(run, "idle-bare"), lambda _sentence: None) as pipeline:
        pipeline.start()
        _note(section, "without a model", _observe(pipeline), BARS_WITHOUT)
    run.say("idle with a model")
    with pipeline_at_work(run, "idle-model") as pipeline:
        _note(section, "with a model", _observe(pipeline), BARS_WITH)
    section.notes.append(f"over {OBSERVED_S:.0f} s; broker, workers and serving")
    return section


def _note(section: Section, how: str, found: dict[str, Use], bars: Mapping[str, float]) -> None:
    whole = Use(*(sum(column) for column in zip(*found.values(), strict=True)))
    broker = found["kafka"]
    measured = (
        f"{whole.cores:.1%} of a core, {whole.gigabytes:.2f} GB; "
        f"of these the broker {broker.cores:.1%}, {broker.gigabytes:.2f} GB"
    )
    must_hold = ", ".join(_WORDS[name].format(limit) for name, limit in bars.items())
    pairs = [(Bar(limit), getattr(whole, name)) for name, limit in bars.items()]
    section.held(f"whole pipeline idle, {how}", must_hold, measured, pairs)
    section.raw[how] = {name: use._asdict() for name, use in found.items()}


def _observe(pipeline: RunningPipeline) -> dict[str, Use]:
    """Return what each part and the processes that it started use, once starting is over."""
    time.sleep(SETTLE_S)
    parts = {
        status.name: _with_children(status.pid)
        for status in pipeline.supervisor.status()
        if status.pid is not None
    }
    before = {name: _cpu_s(processes) for name, processes in parts.items()}
    began = time.monotonic()
    time.sleep(OBSERVED_S)
    lasted = time.monotonic() - began
    return {
        name: Use((_cpu_s(processes) - before[name]) / lasted, _memory_gb(processes))
        for name, processes in parts.items()
    }


def _with_children(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _cpu_s(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes if process.is_running()]
    return float(sum(each.user + each.system for each in times))


def _memory_gb(processes: list[psutil.Process]) -> float:
    """Proportional set size where the system tells it, else what is resident."""
    total = 0
    for process in processes:
        if process.is_running():
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.rss)
    return total / 1e9
