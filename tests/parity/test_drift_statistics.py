"""The statistics of drift: the shared SQL gives what numpy and scipy give for the same counts."""

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, ks_2samp, kstwobign

from schemas.views.tables import DERIVED_VIEWS

BEFORE, NOW = date(2026, 3, 2), date(2026, 3, 9)
Counts = npt.NDArray[np.int64]
(DRIFT,) = (view for view in DERIVED_VIEWS if view.name == "model_drift")
TWO_WEEKS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).filter(any), min_size=2, max_size=25
).filter(lambda pairs: all(map(sum, zip(*pairs, strict=True))))
"""Tickets by bin in (reference, week): every bin has some, and so has every week."""


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the view over two tables that a test fills."""
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE weekly_distributions "
            "(week DATE, model_version VARCHAR, signal VARCHAR, bin VARCHAR, place BIGINT, tickets BIGINT)"
        )
        connection.execute(
            "CREATE TABLE decided_weeks (model_version VARCHAR, week DATE, tickets BIGINT, days BIGINT, "
            "is_judged BOOLEAN, reference_week DATE, is_newest BOOLEAN)"
        )
        connection.execute(f"CREATE VIEW model_drift AS {DRIFT.sql}")
        yield connection


def measured_all(
    duck: duckdb.DuckDBPyConnection,
    pairs: list[tuple[Counts, Counts]],
    signal: str = "language",
    *,
    judged: bool = True,
) -> list[dict[str, dict[str, Any]]]:
    """Return, for each (reference, week), the view's rows of one signal by statistic."""
    bins = [
        {
            "week": week,
            "model_version": f"m{version}",
            "signal": signal,
            "bin": f"bin-{number}",
            "place": number if signal == "confidence" else None,
            "tickets": count,
        }
        for version, pair in enumerate(pairs)
        for week, tickets in zip((BEFORE, NOW), pair, strict=True)
        for number, count in enumerate(tickets.tolist())
        if count
    ]
    weeks = [
        {"model_version": f"m{version}", "week": week, "is_judged": judged, "reference_week": BEFORE}
        for version in range(len(pairs))
        for week in (BEFORE, NOW)
    ]
    duck.execute("DELETE FROM weekly_distributions; DELETE FROM decided_weeks")
    for name, rows in (("weekly_distributions", bins), ("decided_weeks", weeks)):
        duck.register("given", pa.Table.from_pylist(rows))
        duck.execute(f"INSERT INTO {name} BY NAME SELECT * FROM given")
    found: list[dict[str, dict[str, Any]]] = [{} for _ in pairs]
    for row in duck.sql("SELECT * FROM model_drift").to_arrow_table().to_pylist():
        found[int(row["model_version"][1:])][row["statistic"]] = row
    return found


def measured(
    duck: duckdb.DuckDBPyConnection,
    reference: Counts,
    counts: Counts,
    signal: str = "language",
    *,
    judged: bool = True,
) -> dict[str, dict[str, Any]]:
    """Return the view's rows of one signal by statistic, its bins counted so in the two weeks."""
    (rows,) = measured_all(duck, [(reference, counts)], signal, judged=judged)
    return rows


def split(pairs: list[tuple[int, int]]) -> tuple[Counts, Counts]:
    return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])


@given(pairs=TWO_WEEKS)
@settings(max_examples=20, deadline=None)
def test_words_are_compared_as_scipy_does(
    duck: duckdb.DuckDBPyConnection, pairs: list[tuple[int, int]]
) -> None:
    """Stability index and Jensen-Shannon distance to base 2, with half a ticket more in each bin; neither below 0."""
    reference, counts = split(pairs)
    rows = measured(duck, reference, counts)
    p, q = ((side + 0.5) / (side.sum() + 0.5 * len(side)) for side in (counts, reference))
    stability = rows["population_stability_index"]
    assert math.isclose(stability["distance"], float(((p - q) * np.log(p / q)).sum()), abs_tol=1e-9)
    distance = rows["jensen_shannon_distance"]["distance"]
    assert math.isclose(distance, float(jensenshannon(p, q, base=2)), abs_tol=1e-7)
    assert stability["distance"] >= 0
    assert 0 <= distance <= 1
    assert set(rows) == {"population_stability_index", "jensen_shannon_distance"}


@given(pairs=TWO_WEEKS)
@settings(max_examples=20, deadline=None)
def test_confidences_are_compared_as_scipy_does(
    duck: duckdb.DuckDBPyConnection, pairs: list[tuple[int, int]]
) -> None:
    """The two-sample Kolmogorov-Smirnov statistic of the binned confidences, with its asymptotic bound."""
    reference, counts = split(pairs)
    (row,) = measured(duck, reference, counts, "confidence").values()
    places = np.arange(len(pairs))
    expected = ks_2samp(np.repeat(places, counts), np.repeat(places, reference)).statistic
    assert math.isclose(row["distance"], float(expected), abs_tol=1e-9)
    unit = 1 / counts.sum() + 1 / reference.sum()
    assert math.isclose(row["noise"], kstwobign.isf(0.001) * math.sqrt(unit), rel_tol=1e-3)


@given(pairs=TWO_WEEKS)
@settings(max_examples=10, deadline=None)
def test_equal_weeks_have_no_distance(duck: duckdb.DuckDBPyConnection, pairs: list[tuple[int, int]]) -> None:
    """The same counts twice are at distance 0 by every statistic, so never an alert."""
    _, counts = split(pairs)
    for signal in ("language", "confidence"):
        for row in measured(duck, counts, counts, signal).values():
            assert abs(row["distance"]) < 1e-6
            assert row["level"] in {"steady", "unjudged"}


@pytest.mark.parametrize("bins", [2, 3, 8, 40, 120])
def test_noise_follows_the_chi_square(duck: duckdb.DuckDBPyConnection, bins: int) -> None:
    """The bound of the stability index is the 99.9 % quantile by chi-square, which SQL approximates within 4 %."""
    row = measured(duck, np.full(bins, 100), np.full(bins, 50))["population_stability_index"]
    unit = 1 / (100 * bins) + 1 / (50 * bins)
    assert math.isclose(row["noise"], unit * chi2.isf(0.001, bins - 1), rel_tol=0.04)


@pytest.mark.parametrize(("bins", "tickets"), [(4, 250), (120, 250), (120, 2_000)])
def test_weeks_without_drift_are_steady(duck: duckdb.DuckDBPyConnection, bins: int, tickets: int) -> None:
    """Few tickets over many intents differ by chance alone, which the noise knows: of 60 such weeks one has a level."""
    rng = np.random.default_rng(7)
    shares = rng.dirichlet(np.ones(bins))
    pairs = [(rng.multinomial(tickets, shares), rng.multinomial(tickets, shares)) for _ in range(60)]
    levels = [{row["level"] for row in rows.values()} for rows in measured_all(duck, pairs)]
    assert sum(found != {"steady"} for found in levels) <= 1


def test_a_new_language_is_an_alert(duck: duckdb.DuckDBPyConnection) -> None:
    """A fifth of the tickets in a language that the first week never had, and the same in too small a week."""
    first, second = np.array([900, 100, 0]), np.array([720, 80, 200])
    rows = measured(duck, first, second)
    assert {row["level"] for row in rows.values()} == {"alert"}
    rows = measured(duck, first, second, judged=False)
    assert {row["level"] for row in rows.values()} == {"unjudged"}


def test_a_small_shift_is_a_watch(duck: duckdb.DuckDBPyConnection) -> None:
    """Between the thresholds of 0.1 and 0.25."""
    row = measured(duck, np.array([700, 300]), np.array([520, 480]))["population_stability_index"]
    assert 0.1 <= row["distance"] < 0.25
    assert row["level"] == "watch"
