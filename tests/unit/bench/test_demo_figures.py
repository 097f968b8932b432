"""Reading the figures of a demonstration's report."""

import io
import math

from rich.console import Console

from infra.demo.observation import Latencies
from infra.demo.outcome import Outcome
from infra.demo.report import show
from tests.bench.sections.demo import DemoRun


def _printed(first_routed_after_s: float) -> str:
    outcome = Outcome(
        events_in=100,
        tickets_in=10,
        triaged=10,
        routed=10,
        held_by_people=0,
        dead=0,
        bad_records_sent=1,
        first_routed_after_s=first_routed_after_s,
        latencies=Latencies((100.0, 200.0, 1500.0)),
        model_version="v",
        test_accuracy=None,
        stream_accuracy=0.5,
        answers=(),
    )
    file = io.StringIO()
    show(outcome, Console(file=file, width=400), http_url="http://127.0.0.1:1")
    return file.getvalue()


def test_figures_are_read_from_what_the_demo_prints() -> None:
    """The report of the command itself is read, so a change of its words is found here and not in a long run."""
    found = DemoRun.of(_printed(12.3), 1)

    assert (found.first_routed_s, found.p50_ms, found.p99_ms, found.exit_code) == (12.3, 200, 1500, 1)
    assert found.failures == ("1 bad records gave 0 dead letters",)


def test_a_demo_that_printed_nothing_has_no_figures() -> None:
    """A demonstration that broke off gives nan, which misses every bar."""
    found = DemoRun.of("Traceback", 2)

    assert all(math.isnan(value) for value in (found.first_routed_s, found.p50_ms, found.p99_ms))
