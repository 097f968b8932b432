"""Public data through the whole pipeline: a slice of each file here, all of it by `make replay-it` and -incidents."""

from pathlib import Path

import pytest

from tests.public_data.running_checks import run_incidents_check, run_it_check


@pytest.fixture(autouse=True)
def _public_data(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipelines of these tests read the data where the suite has found it."""
    monkeypatch.setenv("TICKETYARD_DATA", str(data_dir))
    monkeypatch.delenv("TICKETYARD_BOOTSTRAP_SERVERS", raising=False)


@pytest.mark.timeout(900)
def test_it_tickets_are_labelled_as_evaluate_says(tmp_path: Path) -> None:
    """The pipeline never sees the truth, and is right exactly as often as `evaluate` on the same rows."""
    report = run_it_check(tmp_path / "it", share=0.1, rate=200.0, say=print)
    assert report.agrees, report
    assert report.tickets > 800
    assert report.served_accuracy > 0.75


@pytest.mark.timeout(900)
def test_incidents_replayed_in_event_time_give_the_recounts_figures(
    tmp_path: Path, small_bundle: Path
) -> None:
    """Counts by state, reassignments and resolution times, from the tail alone and over a batch run."""
    report, over_batch = run_incidents_check(
        tmp_path / "incidents", share=0.1, say=print, bundle=small_bundle
    )
    assert report.served == report.recounted
    assert over_batch == report.recounted
    assert not report.replay.rejected
    assert report.served["incidents"] > 1000
