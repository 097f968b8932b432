"""Medians, percentiles and verdicts of the benchmark's report."""

import json

import pytest

from infra.demo.observation import Latencies
from tests.bench.processor import Processor
from tests.bench.report import Bar, Report, Section, Spread
from tests.bench.sections.latency import name_of
from tests.bench.trained_bundle import BenchModel

NONE = Processor(model="none", cores=1, has=())
MODEL = BenchModel(
    folder="bundle",
    version="v1",
    precision="f32",
    training_s=30.0,
    encoder_share=0.12,
    share_by_its_own_threshold=0.8,
    texts=1000,
)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.0, 1)])
def test_percentiles_are_nearest_ranks(share: float, expected: float) -> None:
    """A percentile is the smallest value that at least so many are not above, never one between two."""
    assert Latencies(tuple(float(number) for number in range(1, 101))).percentile(share) == expected


@pytest.mark.parametrize(("share", "expected"), [(0.5, "p50"), (0.99, "p99"), (0.999, "p99.9")])
def test_percentiles_have_their_usual_names(share: float, expected: str) -> None:
    """0.999 is p99.9."""
    assert name_of(share) == expected


def test_rounds_are_told_as_median_and_spread() -> None:
    """Three rounds give the middle one, the least and the most."""
    spread = Spread.of([30.0, 1000.0, 20.0])

    assert spread == Spread(30.0, 20.0, 1000.0)
    assert spread.told("ms") == "30 (20..1,000) ms"


def test_one_round_stands_alone() -> None:
    """A single value has no spread to tell."""
    assert Spread.of([2.345]).told("s", 1) == "2.3 s"


@pytest.mark.parametrize(
    ("bar", "value", "holds"),
    [
        (Bar(3.5), 3.5, True),
        (Bar(3.5), 3.6, False),
        (Bar(1.0, at_least=True), 0.99, False),
        (Bar(1.0, at_least=True), 1.0, True),
        (Bar(3.5), float("inf"), False),
        (Bar(3.5), float("nan"), False),
        (Bar(1.0, at_least=True), float("nan"), False),
    ],
)
def test_a_bar_is_reached_at_its_limit_and_never_by_what_is_no_figure(
    bar: Bar, value: float, holds: bool
) -> None:
    """A figure that could not be measured misses its bar, whichever way the bar goes."""
    assert bar.holds(value) is holds


def test_a_row_is_reached_only_if_all_of_its_figures_are() -> None:
    """A bar of p50 and p99 is missed by either; a row without a bar has no verdict."""
    section = Section("latency")
    section.held("both", "", "", [(Bar(1), 0.5), (Bar(1), 0.9)])
    section.held("one", "", "", [(Bar(1), 0.5), (Bar(1), 1.1)])
    section.told("none", "7 ms")

    assert [row.verdict for row in section.rows] == ["reached", "missed", ""]


def test_the_report_is_json_whatever_was_measured() -> None:
    """A ticket without a decision waits for ever; JSON has no such number, and says null."""
    section = Section("spike", raw={"recovery_s": [float("inf"), 2.0]})
    report = Report(processor=NONE, load_before=0.1, model=MODEL, rounds=1, seconds=5.0, sections=[section])

    assert json.loads(report.as_json())["sections"][0]["raw"] == {"recovery_s": [None, 2.0]}


def test_a_document_has_the_same_rows_and_the_command_of_each() -> None:
    """The tables of docs/performance.md are the report's own: nobody copies figures by hand."""
    section = Section("idle", seconds=12.0)
    section.held("whole pipeline", "10%", "12% (11..13)", [(Bar(0.1), 0.12)])
    report = Report(processor=NONE, load_before=0.1, model=MODEL, rounds=3, seconds=5.0, sections=[section])

    text = report.as_markdown()

    assert text.startswith(
        f"{NONE}; load 0.1 before the start; --rounds 3 --seconds 5. Model v1, f32, trained in 30 s"
    )
    assert "`python -m tests.bench --only idle`, 12 s." in text
    assert "| whole pipeline | 10% | 12% (11..13) | missed |" in text
