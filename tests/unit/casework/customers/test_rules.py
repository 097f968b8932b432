"""The table of customers: every mistake is refused with file, line and what to do."""

from importlib import resources
from pathlib import Path

import pytest

from casework.customers.rules import CustomerRules, CustomerRulesError

PACKAGED = resources.files("casework.customers").joinpath("customers.yaml").read_text(encoding="utf-8")

MISTAKES = [
    ("keep_tickets: 50", "keep_tickets: 0", "keep_tickets"),
    ("within_days: 14", "within_days: -1", "repeat > within_days"),
    ("at_least: 0.6", "at_least: 1.5", "merge > at_least"),
    ("intent: 0.4,", "intention: 0.4,", "merge > weights"),
    ("    - human agent", "    - Human Agent", "lower case"),
    ("    - human agent", "    - 7", "wishes > human"),
    ('version: "1"', "version: ''", "version"),
    ("most: 3", "most: 3\n  most: 4", "is there already"),
]


@pytest.mark.parametrize(("right", "wrong", "words"), MISTAKES)
def test_a_mistake_is_named_with_its_line(right: str, wrong: str, words: str) -> None:
    """A weight that nobody reads, or a phrase that no text can match, would do nothing and say nothing."""
    text = PACKAGED.replace(right, wrong, 1)
    assert text != PACKAGED
    with pytest.raises(
        CustomerRulesError, match=r"my\.yaml: .*mistake\(s\) in the table of customers"
    ) as raised:
        CustomerRules.parse(text.encode(), source="my.yaml")
    assert words in str(raised.value)
    assert "line " in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """It says which, and what to give."""
    with pytest.raises(CustomerRulesError, match=r"nowhere\.yaml: the table of customers cannot be read"):
        CustomerRules.load(tmp_path / "nowhere.yaml")


def test_the_name_of_a_table_follows_from_what_it_says() -> None:
    """Comments and order make no difference; a weight does, also where nobody raised the version."""
    rules = CustomerRules.load()
    commented = CustomerRules.parse((PACKAGED + "\n# more\n").encode(), source="x")
    other = CustomerRules.parse(PACKAGED.replace("intent: 0.4", "intent: 0.5").encode(), source="x")
    assert commented.name == rules.name
    assert other.name != rules.name
