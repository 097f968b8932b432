"""What is told of drift, and what retraining starts on."""

from datetime import date
from typing import Any

from batch.views.drift import alert_keys, standing_findings

ROW: dict[str, Any] = {
    "model_version": "v1",
    "week": date(2026, 3, 9),
    "kind": "input",
    "signal": "language",
    "statistic": "population_stability_index",
    "distance": 0.5,
    "noise": 0.02,
    "watch_from": 0.1,
    "alert_from": 0.25,
    "level": "alert",
    "is_newest": True,
    "tickets": 700,
    "reference_week": date(2026, 3, 2),
    "reference_tickets": 650,
}


def test_only_levels_of_the_newest_week_stand() -> None:
    """Steady and unjudged rows say nothing, and an old alert is history."""
    quiet = [ROW | {"level": level} for level in ("steady", "unjudged")]
    assert standing_findings([*quiet, ROW | {"is_newest": False}]) == []


def test_a_signal_is_told_once_by_its_clearest_statistic() -> None:
    """An alert before a watch; of two alerts what is farthest beyond its threshold."""
    distance = ROW | {"statistic": "jensen_shannon_distance", "distance": 0.22, "alert_from": 0.2}
    channel = ROW | {"signal": "channel", "level": "watch", "distance": 0.12}
    found = standing_findings([channel, distance, ROW])
    assert [(one.signal, one.statistic) for one in found] == [
        ("language", "population_stability_index"),
        ("channel", "population_stability_index"),
    ]
    assert str(found[0]) == (
        "alert: language of model v1: population_stability_index 0.500 (alert from 0.25), "
        "week of 2026-03-09 against week of 2026-03-02"
    )
    assert "watch from 0.1)" in str(found[1])


def test_retraining_starts_on_alerts_of_the_champion_and_of_all_tickets() -> None:
    """A warning is no reason, nor is what a model did that no longer decides."""
    rows = [
        ROW,
        ROW | {"model_version": "all", "signal": "predicted_intent"},
        ROW | {"model_version": "v0"},
        ROW | {"signal": "channel", "level": "watch"},
    ]
    keys = alert_keys(standing_findings(rows), "v1")
    assert keys == ("2026-03-09/all/predicted_intent", "v1/language")
    assert alert_keys(standing_findings(rows), None) == ("2026-03-09/all/predicted_intent",)


def test_a_champion_that_stays_away_from_its_first_week_is_one_alert() -> None:
    """Its key once had the week, so that one change of the input started a training a week until a model won."""
    later = {"week": date(2026, 3, 16)}
    assert alert_keys(standing_findings([ROW]), "v1") == alert_keys(standing_findings([ROW | later]), "v1")
    of_all = ROW | {"model_version": "all"}
    first, second = (alert_keys(standing_findings([row]), "v1") for row in (of_all, of_all | later))
    assert first != second, "all tickets are compared with the week before: what moves again is another alert"
