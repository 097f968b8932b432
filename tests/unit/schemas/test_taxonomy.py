"""The packaged taxonomy is complete, and every mistake an editor can make is named with its place."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.errors import Permanent
from schemas.taxonomy import FEWEST_EXAMPLES, Taxonomy, TaxonomyError, load_taxonomy, parse_taxonomy
from schemas.vocabulary import TRIAGE_TEAM, Category, Priority

Entry = dict[str, Any]
Document = dict[str, Any]


@pytest.fixture(scope="module")
def packaged() -> Taxonomy:
    return load_taxonomy()


def entry(topic: str, **changes: Any) -> Entry:
    """Return a correct intent whose examples are about the topic."""
    examples = [f"{topic} number {n}" for n in range(FEWEST_EXAMPLES)]
    return {"description": topic, "team": "technical", "priority": "high", "examples": examples} | changes


def document(**categories: dict[str, Entry]) -> Document:
    """Return a correct file with two intents, and the given categories over it."""
    correct = {
        "technical_support": {"app_crash": entry("it crashes")},
        "billing_dispute": {"double_charge": entry("charged twice", team="billing")},
    } | categories
    named = {name: {"description": name, "intents": intents} for name, intents in correct.items()}
    return {"version": "1", "categories": named}


def parse(content: Document) -> Taxonomy:
    """Parse what a person would have written; JSON is YAML too."""
    return parse_taxonomy(json.dumps(content, indent=1).encode(), source="my/taxonomy.yaml")


SMALL = parse(document())


def complaint(content: Document) -> str:
    """Return the message with which the file is refused."""
    with pytest.raises(TaxonomyError) as refused:
        parse(content)
    message = str(refused.value)
    assert message.startswith("my/taxonomy.yaml: ")
    return message


def test_packaged_file_has_every_category_and_enough_intents_and_examples(packaged: Taxonomy) -> None:
    """The packaged file has the seven categories, 100 intents or more, and 8 examples or more of each."""
    per_category = Counter(intent.category for intent in packaged.intents.values())
    assert set(per_category) == set(Category)
    assert min(per_category.values()) >= 12
    assert len(packaged.intents) >= 105
    assert all(len(intent.examples) >= FEWEST_EXAMPLES for intent in packaged.intents.values())


def test_packaged_file_uses_every_priority_and_a_handful_of_teams(packaged: Taxonomy) -> None:
    """The packaged file starts tickets at every priority and spreads them over eight to twelve teams."""
    assert {intent.priority for intent in packaged.intents.values()} == set(Priority)
    assert 8 <= len(packaged.teams()) <= 12


def test_examples_of_packaged_file_vary(packaged: Taxonomy) -> None:
    """The examples of an intent are short and long, and no two begin with the same four words."""
    for intent in packaged.intents.values():
        lengths = [len(text.split()) for text in intent.examples]
        assert min(lengths) <= 8, intent.name
        assert max(lengths) >= 16, intent.name
        openings = Counter(tuple(text.casefold().split()[:4]) for text in intent.examples)
        assert max(openings.values()) == 1, intent.name


def test_sum_is_that_of_the_files_bytes(tmp_path: Path) -> None:
    """Two taxonomies are the same exactly when their files' bytes are."""
    path = tmp_path / "taxonomy.yaml"
    path.write_text(json.dumps(document()))
    assert load_taxonomy(path).sum == hashlib.sha256(path.read_bytes()).hexdigest()


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A path where there is no file is a permanent error that names the path."""
    with pytest.raises(Permanent, match=r"nowhere\.yaml: the taxonomy file cannot be read"):
        load_taxonomy(tmp_path / "nowhere.yaml")


def test_label_is_looked_up() -> None:
    """A label that is an intent has that intent's team, category and priority."""
    taxonomy = parse(document())
    assert taxonomy.team_for("double_charge") == "billing"
    assert taxonomy.category_for("double_charge") is Category.BILLING_DISPUTE
    assert taxonomy.priority_for("double_charge") is Priority.HIGH
    assert taxonomy.intent("double_charge").description == "charged twice"


@settings(max_examples=40)
@given(label=st.text(max_size=12))
def test_unmapped_label_goes_to_triage(label: str) -> None:
    """Any label that is no intent goes to people, without a category and at medium priority."""
    if label not in SMALL.intents:
        assert SMALL.team_for(label) == TRIAGE_TEAM
        assert SMALL.category_for(label) is None
        assert SMALL.priority_for(label) is Priority.MEDIUM


def test_unknown_intent_is_an_error_by_name() -> None:
    """Asking for an intent that is not there names it and the way out."""
    with pytest.raises(TaxonomyError, match="has no intent 'flat_tyre'; add it"):
        SMALL.intent("flat_tyre")


def test_teams_are_all_that_a_label_can_go_to() -> None:
    """The team list is sorted and has the triage team, which takes what is unmapped."""
    assert SMALL.teams() == ("billing", "technical", TRIAGE_TEAM)


def test_examples_come_with_their_label_in_file_order() -> None:
    """The training set has each example once, with its intent as label."""
    pairs = list(SMALL.examples())
    assert pairs[0] == ("it crashes number 0", "app_crash")
    assert Counter(label for _, label in pairs) == {"app_crash": 8, "double_charge": 8}


def test_examples_in_other_languages_teach_too() -> None:
    """Sentences of other languages stand behind those of the first, with the same label."""
    content = document(
        product_complaint={"late": entry("x", examples_in={"de": ["zu spät"], "fr": ["tard"]})}
    )
    pairs = [text for text, label in parse(content).examples() if label == "late"]
    assert pairs[FEWEST_EXAMPLES:] == ["zu spät", "tard"]


def test_packaged_file_has_examples_in_the_simulators_languages(packaged: Taxonomy) -> None:
    """Every intent has four sentences in each of five more languages, so a first model knows them too."""
    for intent in packaged.intents.values():
        counts = {language: len(texts) for language, texts in intent.examples_in.items()}
        assert counts == dict.fromkeys(("de", "es", "fr", "it", "pt"), 4), intent.name


def test_taxonomy_cannot_be_changed() -> None:
    """A loaded taxonomy and its intents are frozen."""
    with pytest.raises(ValidationError, match="frozen"):
        SMALL.version = "2"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        SMALL.intent("app_crash").team = "sales"  # type: ignore[misc]


BAD_ENTRIES: dict[str, tuple[Entry, str]] = {
    "priority": (entry("x", priority="asap"), "late > priority: Input should be 'low', 'medium', 'high'"),
    "few": (entry("x", examples=["a", "b", "c"]), "late > examples: has 3 examples, at least 8 are needed"),
    "empty": (entry("x", examples=[*"abcdefgh", "  "]), "late > examples > 8: is empty"),
    "boolean": (entry("x", examples=[*"abcdefgh", True]), "late > examples > 8: Input should be a valid str"),
    "twice": (
        entry("x", examples=[*"abcdefgh", " A  "]),
        "late: the example 'A' is in product_complaint > late",
    ),
    "elsewhere": (
        entry("x", examples=[*"abcdefgh", "IT  crashes number 0"]),
        "the example 'IT  crashes number 0' is in technical_support > app_crash already",
    ),
    "elsewhere in another language": (
        entry("x", examples_in={"de": ["zu spät", "it crashes number 0"]}),
        "the example 'it crashes number 0' is in technical_support > app_crash already",
    ),
    "language": (entry("x", examples_in={"German": ["zu spät"]}), "German: is no language: use its ISO 639"),
    "empty in another language": (
        entry("x", examples_in={"de": [" "]}),
        "late > examples_in > de > 0: is empty",
    ),
    "team": (entry("x", team="The Team"), "late > team: is not lower_snake_case"),
    "no team": (
        {key: value for key, value in entry("x").items() if key != "team"},
        "product_complaint > intents > late > team: Field required",
    ),
    "extra": (entry("x", colour="red"), "late > colour: Extra inputs are not permitted"),
    "description": (entry("x", description=""), "late > description: is empty"),
}


@pytest.mark.parametrize("case", BAD_ENTRIES)
def test_mistake_in_an_intent_is_named(case: str) -> None:
    """A mistake inside an intent is told with category, intent, field and remedy."""
    bad, expected = BAD_ENTRIES[case]
    message = complaint(document(product_complaint={"late": bad}))
    assert "product_complaint" in message
    assert expected in message


@pytest.mark.parametrize(
    "name", ["Late", "late delivery", "late-delivery", "_late", "late__box", "9_late", ""]
)
def test_name_that_is_not_snake_case_is_refused(name: str) -> None:
    """An intent's name is a label everywhere, so its form is fixed."""
    message = complaint(document(product_complaint={name: entry("x")}))
    assert f"is not lower_snake_case: use a-z, 0-9 and single underscores (it is {name!r})" in message


def test_out_of_scope_label_is_reserved() -> None:
    """No intent may take the label that means none."""
    assert "oos: is reserved for texts of no intent" in complaint(
        document(product_complaint={"oos": entry("x")})
    )


def test_unknown_category_is_refused_with_the_known_ones() -> None:
    """A category of its own is refused, naming it and those that exist."""
    message = complaint(document(gossip={"late": entry("x")}))
    assert "categories > gossip: Input should be 'technical_support', 'billing_dispute'" in message


def test_intent_in_two_categories_is_refused() -> None:
    """An intent's name is unique over all categories."""
    message = complaint(document(product_complaint={"app_crash": entry("x")}))
    assert "product_complaint > app_crash: an intent of this name is in technical_support already" in message


def test_single_intent_is_refused() -> None:
    """One intent leaves nothing to classify."""
    message = complaint(document(billing_dispute={}))
    assert "only 1 intents, at least 2 are needed" in message


def test_all_mistakes_are_told_at_once() -> None:
    """An editor sees each mistake in one run and not one per run."""
    message = complaint(document(product_complaint={"late": entry("x", team="", priority="now")}))
    assert "2 mistake(s)" in message
    assert "late > team" in message
    assert "late > priority" in message


def test_unquoted_version_is_explained() -> None:
    """A version that YAML reads as a number would lose its zeros, so it is refused."""
    assert "version: Input should be a valid string (it is 1.1)" in complaint(document() | {"version": 1.10})


YAML_MISTAKES: dict[str, tuple[str, str]] = {
    "same intent twice": (
        "version: '1'\ncategories:\n  refund_request:\n    intents:\n      late: 1\n      late: 2\n",
        "line 6: the name 'late' is there already in line 5",
    ),
    "same field twice": ("version: '1'\nversion: '2'\n", "line 2: the name 'version' is there already"),
    "syntax": ('version: "1"\ncategories: [\n', "not valid YAML, mend the syntax there: "),
    "endless alias": ("version: &a [*a]\n", "version: Input should be a valid string"),
    "nothing": ("", "line 1: the file: Input should be a valid dict"),
    "list as name": ("version: '1'\n? [a, b]\n: 1\n", "unhashable key"),
    "name that YAML reads as true": ("version: '1'\ncategories:\n  on: {}\n", "(it is True)"),
    "two documents": ("a: 1\n---\nb: 2\n", "not valid YAML"),
}


@pytest.mark.parametrize("case", YAML_MISTAKES)
def test_mistake_in_the_yaml_is_told_with_its_line(case: str) -> None:
    """What YAML itself would accept silently, or say without a file, is told with file and line."""
    text, expected = YAML_MISTAKES[case]
    with pytest.raises(TaxonomyError) as refused:
        parse_taxonomy(text.encode(), source="my/taxonomy.yaml")
    assert str(refused.value).startswith("my/taxonomy.yaml: ")
    assert expected in str(refused.value)


def test_syntax_error_names_the_line() -> None:
    """A colon in an unquoted sentence, the commonest slip, is told with its line."""
    with pytest.raises(TaxonomyError, match="line 3"):
        parse_taxonomy(b'version: "1"\ncategories:\n  a: says: error\n', source="t.yaml")


def test_invalid_utf8_is_told() -> None:
    """A file in another encoding is refused by name."""
    with pytest.raises(TaxonomyError, match=r"t\.yaml: not valid YAML"):
        parse_taxonomy(b"version: \xff\xfe\n", source="t.yaml")


def test_mistake_is_told_with_its_line_in_the_file() -> None:
    """The line of a mistake is the line of the very sentence, as an editor counts it."""
    content = document(product_complaint={"late": entry("x", examples=[*"abcdefgh", "  "])})
    text = yaml.safe_dump(content, sort_keys=False)
    line = next(number for number, said in enumerate(text.splitlines(), 1) if said.strip() == "- '  '")
    with pytest.raises(TaxonomyError, match=f"  line {line}: "):
        parse_taxonomy(text.encode(), source="t.yaml")


def change(path: str, value: Any) -> Callable[[Document], None]:
    """Return an edit that sets one place of a file."""

    def edit(content: Document) -> None:
        *parents, last = path.split("/")
        for part in parents:
            content = content[part]
        content[last] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (change("categories", []), "categories: Input should be a valid dictionary"),
        (change("categories/technical_support", None), "categories > technical_support"),
        (change("categories/technical_support/intents/app_crash", "x"), "intents > app_crash"),
        (change("title", "x"), "title: Extra inputs are not permitted"),
    ],
)
def test_wrong_shape_is_told_by_place(edit: Callable[[Document], None], expected: str) -> None:
    """A value of another shape than the format has is told by its place."""
    content = document()
    edit(content)
    assert expected in complaint(content)
