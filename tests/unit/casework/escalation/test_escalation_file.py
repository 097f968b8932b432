"""A file of rules with mistakes is refused with file, line, and what to do."""

from pathlib import Path

import pytest

from casework.escalation.table import DEFAULT, EscalationRulesError, EscalationTable

GOOD = """version: "1"
levels:
  1: {owner: {team: leads}}
rules:
  - name: old
    when: {age: 2 h}
    level: 1
"""
BAD = [
    ("age: 2 h", "age: -2 h", 6, "is no span of time"),
    ("age: 2 h", "age: 0 min", 6, "is no span of time"),
    ("age: 2 h", "age: soon", 6, "is no span of time"),
    ("age: 2 h", "age: {urgentest: 2 h}", 6, "urgentest"),
    ("age: 2 h", "age: {}", 6, "at least 1"),
    ("age: 2 h", "mood: bad", 6, "Extra inputs are not permitted"),
    ("age: 2 h", "priorities: [high]", 6, "would escalate every ticket at once"),
    ("age: 2 h", "interactions_at_least: 0", 6, "greater than or equal to 1"),
    ("age: 2 h", "sentiment_below: -1", 6, "greater than -1"),
    ("age: 2 h", "concerns: [legal]", 6, "there is no list of words 'legal'"),
    ("age: 2 h", "tiers: [copper]", 6, "copper"),
    ("age: 2 h", "still_at: {level: 1, after: 1 h}", 6, "lift higher than that"),
    ("level: 1", "level: 3", 7, "there is no level 3"),
    ("level: 1", "level: 0", 7, "greater than or equal to 1"),
    ("level: 1", "level: true", 7, "valid integer"),
    ("level: 1", "level: 1\n    cool_down: -1 h", 8, "is no span of time"),
    ("{team: leads}", "{}", 3, "names one owner"),
    ("{team: leads}", "{team: leads, person: anna}", 3, "names one owner"),
    ("{team: leads}", "{team: ''}", 3, "at least 1 character"),
    ("{owner: {team: leads}}", "{owner: {team: leads}, raise_priority: 9}", 3, "less than or equal to 4"),
    ("name: old", "name: Old Ones", 5, "should match pattern"),
    ("age: 2 h}\n", "asked: true}\n    until_gone: true\n", 7, "is not taken back"),
]


@pytest.mark.parametrize(("right", "wrong", "line", "words"), BAD)
def test_a_mistake_is_refused_with_its_line(right: str, wrong: str, line: int, words: str) -> None:
    """The message names the file, the line, and what is wrong there."""
    EscalationTable.parse(GOOD.encode(), source="rules.yaml")
    with pytest.raises(EscalationRulesError) as refused:
        EscalationTable.parse(GOOD.replace(right, wrong).encode(), source="rules.yaml")

    assert str(refused.value).startswith("rules.yaml: ")
    assert f"line {line}:" in str(refused.value)
    assert words in str(refused.value)


def test_a_name_twice_is_refused() -> None:
    """One of the two would never show in a view."""
    twice = GOOD + "  - {name: old, when: {asked: true}, level: 1}\n"
    with pytest.raises(EscalationRulesError, match=r"line 8: old: this name is there already"):
        EscalationTable.parse(twice.encode(), source="rules.yaml")


@pytest.mark.parametrize("data", [b"", b"- a", b"rules: [", b"version: 1\nversion: 2", b"\xff"])
def test_what_is_no_file_of_rules_is_refused(data: bytes) -> None:
    """Whatever the bytes are, the error names the file."""
    with pytest.raises(EscalationRulesError, match=r"^rules\.yaml: "):
        EscalationTable.parse(data, source="rules.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message says what to do."""
    with pytest.raises(EscalationRulesError, match="give the path of a readable file"):
        EscalationTable.load(tmp_path / "none.yaml")


def test_the_sum_names_what_the_file_says() -> None:
    """Comments make no difference; any figure does, and so does the version."""
    table = EscalationTable.parse(GOOD.encode(), source="a")
    same = EscalationTable.parse(b"# why\n" + GOOD.encode(), source="b")
    other = EscalationTable.parse(GOOD.replace("2 h", "3 h").encode(), source="a")

    assert table.sum == same.sum
    assert table.sum != other.sum
    assert table.sum.startswith("1-")


def test_the_packaged_file_is_in_order() -> None:
    """It is what a desk begins with."""
    assert EscalationTable.load(DEFAULT).rules
