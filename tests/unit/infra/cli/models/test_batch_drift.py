"""What `ticketyard batch` prints of drift."""

from datetime import date

import pytest

from batch.views.drift import DriftFinding
from infra.cli.models.batch import say_drift

FINDING = DriftFinding(
    level="alert",
    model_version="all",
    signal="language",
    kind="input",
    statistic="jensen_shannon_distance",
    distance=0.4,
    watch_from=0.1,
    alert_from=0.2,
    week=date(2026, 3, 9),
    reference_week=date(2026, 3, 2),
)


def test_each_finding_is_a_line_and_the_last_says_where_to_read_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An operator who reads cron's mail sees what has drifted, how far, and what to do."""
    say_drift([FINDING])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("drift: ")]
    assert lines[0] == (
        "drift: alert: language of all tickets: jensen_shannon_distance 0.400 (alert from 0.2), "
        "week of 2026-03-09 against week of 2026-03-02"
    )
    assert "docs/drift.md" in lines[-1]
    assert len(lines) == 2


def test_without_drift_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A quiet run stays short."""
    say_drift([])
    assert capsys.readouterr().out == ""
