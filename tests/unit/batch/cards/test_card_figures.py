"""What a card counts: confusion, reliability, coverage, slices and costs, against counts by hand."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.cards.answered import Answered, AnsweredRow
from batch.cards.confusion import NO_CATEGORY, confusion_matrix, mixed_pairs
from batch.cards.costs import CostTable, costs
from batch.cards.reliability_bins import coverage_curve, reliability_bins
from batch.cards.slices import slices, worst_gaps
from batch.training.rows.rows import LabelledRow
from schemas.triage import Band, Triage
from schemas.vocabulary import Priority
from tests.unit.understanding.tiny_model import LABELS, tiny_manifest

NAMES = [label.name for label in LABELS]


def _row(
    label: str,
    said: str,
    *,
    text: str = "a text",
    confidence: float = 0.5,
    band: Band | None = None,
    channel: str | None = None,
) -> AnsweredRow:
    triage = Triage(
        model_version="tiny",
        decided_by="ngrams",
        team="t",
        intent=said,
        confidence=confidence,
        band=band,
        priority=Priority.HIGH,
        language="en",
    )
    return AnsweredRow(LabelledRow(text, (label,), channel=channel), triage)


def _answered(rows: Sequence[AnsweredRow]) -> Answered:
    return Answered(tiny_manifest(), rows)


ROWS = st.lists(
    st.builds(
        _row,
        st.sampled_from([*NAMES, "oos", "unheard_of"]),
        st.sampled_from(NAMES),
        confidence=st.floats(0, 1),
        band=st.sampled_from(["high", "medium", "low", None]),
        channel=st.sampled_from(["email", "chat", None]),
    ),
    max_size=60,
)


def test_the_pairs_are_those_that_are_mixed_up_most() -> None:
    """The most frequent first, with their share of the label's rows."""
    rows = [_row(NAMES[0], NAMES[1])] * 3 + [_row(NAMES[0], NAMES[0])] + [_row(NAMES[2], NAMES[0])]
    pairs = mixed_pairs(_answered(rows))
    assert [(pair.label, pair.said, pair.n, pair.share) for pair in pairs] == [
        (NAMES[0], NAMES[1], 3, 0.75),
        (NAMES[2], NAMES[0], 1, 1.0),
    ]


@given(rows=ROWS)
def test_the_matrix_counts_every_row_once(rows: list[AnsweredRow]) -> None:
    """By category where labels have one, else by label."""
    matrix = confusion_matrix(_answered(rows))
    assert int(matrix.counts.sum()) == len(rows)
    assert matrix.groups == tuple(sorted(matrix.groups, key=lambda name: (name.startswith("("), name)))
    if matrix.grouped_by == "label":
        assert NO_CATEGORY not in matrix.groups


@given(rows=ROWS)
def test_bins_and_coverage_agree_with_the_rows_in_scope(rows: list[AnsweredRow]) -> None:
    """Each row is in one bin; answering all of them is the plain accuracy; bounds hold the accuracy."""
    inside = [one for one in rows if "oos" not in one.row.labels]
    bins, curve = reliability_bins(_answered(rows)), coverage_curve(_answered(rows))
    assert sum(one.n for one in bins) == len(inside)
    assert all(one.low - 1e-9 <= one.accuracy <= one.high + 1e-9 for one in bins)
    if not inside:
        assert curve == ()
        return
    accuracy = sum(one.right for one in inside) / len(inside)
    assert curve[0].coverage == 1.0
    assert curve[0].accuracy == pytest.approx(accuracy)
    assert [point.coverage for point in curve] == sorted((point.coverage for point in curve), reverse=True)


@given(rows=ROWS)
def test_every_kind_of_slice_covers_the_rows_that_name_it(rows: list[AnsweredRow]) -> None:
    """Whatever the rows, nothing is counted twice, and no share leaves 0 to 1."""
    found = slices(_answered(rows), least=1)
    assert sum(one.n for one in found if one.kind == "length") == len(rows)
    assert sum(one.n for one in found if one.kind == "channel") == sum(
        one.row.channel is not None for one in rows
    )
    for one in found:
        assert all(0 <= share <= 1 for share in (one.accuracy, one.to_people, one.pressing, one.too_low))


def test_a_gap_is_named_only_where_chance_does_not_explain_it() -> None:
    """A hundred right by e-mail and half by chat are a gap; three against two are none."""
    good = [_row(NAMES[0], NAMES[0], channel="email")] * 100
    bad = [_row(NAMES[0], NAMES[number % 2], channel="chat") for number in range(100)]
    ((worst, best),) = worst_gaps(slices(_answered(good + bad)))
    assert (worst.value, best.value) == ("chat", "email")
    assert worst_gaps(slices(_answered(good[:3] + bad[:3]), least=1)) == ()


def test_costs_follow_the_stated_table() -> None:
    """A person's look, a wrong intent, a wrong team and each step of priority, each counted once."""
    table = CostTable(person=1, wrong_intent=2, wrong_team=10, step_too_low=100, step_too_high=1_000)
    urgent_as_medium = _row("login_problem", "want_refund", text="low", confidence=0.9)
    medium_as_urgent = _row("want_refund", "login_problem", text="high")
    asked = _row("want_refund", "login_problem", band="low")
    right = _row("want_refund", "want_refund")
    found = costs(_answered([urgent_as_medium, medium_as_urgent, asked, right]), table)
    assert [(one.one.row.text, one.cost) for one in found.mistakes] == [("high", 2_012), ("low", 212)]
    assert found.wrong == 2
    assert sum(found.per_thousand.values()) == pytest.approx((2_012 + 212 + 1) * 1_000 / 4)
