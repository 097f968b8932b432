"""The table of priorities moves a ticket only where it says so, and every mistake in it is named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Permanent
from schemas.vocabulary import PRIORITY_RANK, Category, Priority, Tier
from understanding.signals.priority import (
    INDICATORS,
    PriorityFacts,
    PriorityTable,
    PriorityTableError,
    priority,
)

PACKAGED = PriorityTable.load()
NEUTRAL_TIERS = st.sampled_from([None, Tier.BRONZE, Tier.SILVER, Tier.GOLD])
FACTS = st.builds(
    PriorityFacts,
    base=st.sampled_from(Priority),
    category=st.none() | st.sampled_from(Category),
    tier=st.none() | st.sampled_from(Tier),
    urgency=st.floats(0, 1),
    indicators=st.lists(st.sampled_from(sorted(INDICATORS)), max_size=4).map(tuple),
    sentiment=st.none() | st.floats(-1, 1),
    frustrated=st.booleans(),
)
TABLE = """
version: "1"
limits: {up: 2, down: 1, highest: urgent}
rules:
  - name: first
    when: {urgency_at_least: 0.5}
    steps: 2
  - name: second
    when: {tiers: [enterprise]}
    steps: 1
  - name: third
    when: {indicators: [no_rush]}
    steps: -2
  - name: floor
    when: {indicators: [safety]}
    at_least: critical
  - name: ceiling
    when: {categories: [feature_request]}
    at_most: low
"""


def parse(text: str) -> PriorityTable:
    """Return the table of a text."""
    return PriorityTable.parse(text.encode(), source="my/priorities.yaml")


SMALL = parse(TABLE)


@given(base=st.sampled_from(Priority), category=st.sampled_from(Category), tier=NEUTRAL_TIERS)
def test_the_packaged_table_keeps_the_base_where_nothing_speaks(
    base: Priority, category: Category, tier: Tier | None
) -> None:
    """Neutral sentiment, no urgency and an ordinary tier change nothing."""
    facts = PriorityFacts(base=base, category=category, tier=tier, sentiment=0.0)
    assert priority(PACKAGED, facts) == (base, (f"base:{base}",))


@given(facts=FACTS)
def test_steps_stay_within_their_limits(facts: PriorityFacts) -> None:
    """No ticket falls by more than a step, and none becomes critical by steps alone."""
    found, reasons = priority(PACKAGED, facts)
    assert reasons[0] == f"base:{facts.base}"
    assert (found == facts.base) or len(reasons) > 1
    if not any("=" in reason for reason in reasons):
        assert PRIORITY_RANK[found] >= PRIORITY_RANK[facts.base] - 1
        assert found is not Priority.CRITICAL or facts.base is Priority.CRITICAL


@pytest.mark.parametrize(
    ("facts", "found", "reasons"),
    [
        (PriorityFacts(base=Priority.LOW, urgency=0.6), "high", ("base:low", "first:+2")),
        (
            PriorityFacts(base=Priority.LOW, urgency=0.6, tier=Tier.ENTERPRISE),
            "high",
            ("base:low", "first:+2", "second:+1", "limit"),
        ),
        (
            PriorityFacts(base=Priority.HIGH, indicators=("no_rush",)),
            "medium",
            ("base:high", "third:-2", "limit"),
        ),
        (PriorityFacts(base=Priority.HIGH, urgency=0.6), "urgent", ("base:high", "first:+2", "limit")),
        (
            PriorityFacts(base=Priority.CRITICAL, urgency=0.6),
            "critical",
            ("base:critical", "first:+2", "limit"),
        ),
        (
            PriorityFacts(base=Priority.LOW, indicators=("safety",)),
            "critical",
            ("base:low", "floor:>=critical"),
        ),
        (
            PriorityFacts(base=Priority.HIGH, category=Category.FEATURE_REQUEST, indicators=("safety",)),
            "critical",
            ("base:high", "floor:>=critical"),
        ),
        (
            PriorityFacts(base=Priority.LOW, category=Category.FEATURE_REQUEST, urgency=0.9),
            "low",
            ("base:low", "first:+2", "ceiling:<=low"),
        ),
    ],
)
def test_rules_add_up_with_their_reasons(facts: PriorityFacts, found: str, reasons: tuple[str, ...]) -> None:
    """Steps are summed and limited, then at_most, then at_least."""
    assert priority(SMALL, facts) == (found, reasons)


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("steps: 2", "steps: 9", 7, "steps"),
        ("steps: 2", "at_least: huge", 7, "at_least"),
        ("    steps: 2\n", "", 5, "0 effects"),
        ("steps: 2", "steps: 2\n    at_most: low", 5, "2 effects"),
        ("urgency_at_least: 0.5", "urgency_at_least: 5", 6, "less than or equal to 1"),
        ("urgency_at_least: 0.5", "urgency: 0.5", 6, "urgency"),
        ("when: {urgency_at_least: 0.5}", "when: {}", 6, "at least one condition"),
        ("[no_rush]", "[hasty]", 12, "urgency indicator"),
        ("name: second", "name: first", 8, "there already"),
        ("name: second", "name: Second One", 8, "name"),
        ("tiers: [enterprise]", "tiers: [vip]", 9, "tiers"),
        ("highest: urgent", "highest: urgent, more: 1", 3, "more"),
    ],
)
def test_each_mistake_is_named_with_its_line(before: str, after: str, line: int, says: str) -> None:
    """Whoever edits the table reads where to mend it."""
    assert before in TABLE
    with pytest.raises(PriorityTableError) as refused:
        parse(TABLE.replace(before, after, 1))
    message = str(refused.value)
    assert message.startswith("my/priorities.yaml: 1 mistake(s)")
    assert f"line {line}: " in message
    assert says in message


def test_a_file_that_is_no_table_is_refused() -> None:
    """Broken YAML and an empty file are said plainly."""
    for text in ("rules: [", "", "- a"):
        with pytest.raises(Permanent, match=r"my/priorities\.yaml"):
            parse(text)


def test_a_missing_file_is_named() -> None:
    """The message says which file was looked for."""
    with pytest.raises(PriorityTableError, match=r"no/such\.yaml"):
        PriorityTable.load(Path("no/such.yaml"))
