"""What became of intents that were renamed, merged or split."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.intent_map import NO_CHANGES, IntentMap, IntentMapError, load_intent_map, parse_intent_map
from schemas.taxonomy import load_taxonomy
from tests.unit.schemas.intents import taxonomy_of

NOW = ("new", "other", "third", "left", "right")
TAXONOMY = taxonomy_of(*NOW)


def parsed(text: str) -> IntentMap:
    """Return the map of a file with this text."""
    return parse_intent_map(f'version: "1"\n{text}'.encode(), TAXONOMY, source="map.yaml")


def problems(text: str) -> str:
    """Return what is said about a file with mistakes."""
    with pytest.raises(IntentMapError) as raised:
        parsed(text)
    return str(raised.value)


def test_the_packaged_map_changes_nothing() -> None:
    """It is there to be edited."""
    packaged = load_intent_map(None, load_taxonomy())
    assert packaged.rows() == []
    assert (packaged.current("any"), packaged.label_of("any", "text")) == ("any", "any")
    assert NO_CHANGES.label_of("any", "text") == "any"


def test_renamed_and_merged_names_are_followed_to_the_last() -> None:
    """A name that changed three times is what it is called now; one that never did is what it was."""
    found = parsed("renamed: {first: second, second: was}\nmerged: {new: [was, gone, new]}")

    assert [found.current(name) for name in ("first", "second", "was", "gone", "new", "unheard")] == [
        *["new"] * 5,
        "unheard",
    ]
    assert [tuple(row) for row in found.rows()] == [
        ("first", "new", "renamed", []),
        ("gone", "new", "merged", []),
        ("second", "new", "renamed", []),
        ("was", "new", "merged", []),
    ]


SPLIT = """
renamed: {older: both, old_left: left}
split:
  both:
    into: [old_left, right, third]
    rules:
      - {to: old_left, words: [Left hand, sinister]}
      - {to: right, words: [right], channels: [chat, phone]}
      - {to: third, channels: [social_media]}
"""


@pytest.mark.parametrize(
    ("text", "channel", "expected"),
    [
        ("on my  LEFT\nhand side", None, "left"),
        ("the sinister one", "chat", "left"),
        ("lefthand", None, None),
        ("right!", "chat", "right"),
        ("right!", "email", None),
        ("right!", None, None),
        ("upright", "phone", None),
        ("whatever", "social_media", "third"),
    ],
)
def test_rules_tell_the_rows_of_a_split_intent_apart(
    text: str, channel: str | None, expected: str | None
) -> None:
    """The first rule that holds decides; where none does the row is left out. Parts may have been renamed since."""
    found = parsed(SPLIT)
    assert found.label_of("both", text, channel) == found.label_of("older", text, channel) == expected


def test_the_rest_of_a_split_intent_may_have_a_place() -> None:
    """Then no row is left out; the view goes on showing the old name, whose rows nobody has read again."""
    found = parsed("split: {both: {into: [left, right], otherwise: right}}\nrenamed: {older: both}")
    assert found.label_of("both", "text") == "right"
    assert [tuple(row) for row in found.rows()] == [
        ("both", "both", "split", ["left", "right"]),
        ("older", "both", "renamed", ["left", "right"]),
    ]


def test_a_part_that_was_split_again_is_told_apart_by_its_own_rules() -> None:
    """Splits lead on like renamings do."""
    found = parsed(
        "split:\n  all: {into: [some, third], otherwise: some}\n"
        "  some: {into: [left, right], rules: [{to: left, words: [left]}]}"
    )
    assert (found.label_of("all", "left"), found.label_of("all", "else")) == ("left", None)


def test_labels_of_own_files_and_out_of_scope_can_be_new_names() -> None:
    """Who trains on labels of their own names them; an intent that is given up becomes out of scope."""
    found = parsed("own_labels: [mine]\nrenamed: {was_mine: mine, given_up: oos}")
    assert (found.current("was_mine"), found.current("given_up")) == ("mine", "oos")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("renamed:\n  a: b\n  b: a", 3, "circle"),
        ("renamed:\n  a: b\nsplit:\n  b: {into: [a, new]}", 3, "circle"),
        ("renamed:\n  a: nobody", 3, "'nobody' is no intent of the taxonomy"),
        ("renamed:\n  new: other", 3, "it is still an intent"),
        ("renamed:\n  oos: other", 3, "it is still an intent"),
        ("own_labels: [mine]\nrenamed:\n  mine: other", 4, "it is still an intent"),
        ("renamed:\n  a: new\nmerged:\n  other:\n    - a", 6, "line 3 says already what became of it"),
        ("renamed:\n  a: new\n  a: other", 4, "there already in line 3"),
        ("split:\n  a:\n    into: [left]", 4, "must name two intents or more"),
        ("split:\n  a:\n    into: [left, left]", 4, "must name two intents or more"),
        ("split:\n  a:\n    into: [left, right]\n    otherwise: new", 3, "names new in a rule"),
        ("split:\n  a:\n    into: [left, right]\n    rules:\n      - to: left", 6, "has no condition"),
        ("split:\n  a:\n    into: [left, right]\n    rules:\n      - {to: left, channels: [fax]}", 6, "fax"),
        ("removed: [a]", 2, "removed"),
        ("renamed: [a]", 2, "renamed"),
        ("renamed: {a: ", 3, "not valid YAML"),
    ],
)
def test_mistakes_are_said_with_their_line(text: str, line: int, said: str) -> None:
    """No mistake turns into labels that were silently changed."""
    message = problems(text)
    assert message.startswith("map.yaml: ")
    assert said in message
    assert f"line {line}" in message


def test_all_mistakes_come_at_once() -> None:
    """Whoever edits the file mends it once."""
    assert "3 mistake(s)" in problems("renamed: {a: nobody, b: b2, new: other}")


def test_a_file_that_is_not_there_is_named(tmp_path: Any) -> None:
    """With what to do about it."""
    with pytest.raises(IntentMapError, match="give the path of a readable file"):
        load_intent_map(tmp_path / "none.yaml", TAXONOMY)


_OLD = ("o1", "o2", "o3", "o4", "o5", "o6")


@st.composite
def maps(draw: st.DrawFn) -> IntentMap:
    """Draw a valid map: each old name becomes later old names or names of now, so there is no circle."""
    document: dict[str, Any] = {"version": "1", "renamed": {}, "split": {}}
    for number, old in enumerate(_OLD):
        later = [*_OLD[number + 1 :], *NOW]
        kind = draw(st.sampled_from(("none", "renamed", "split", "split_all")))
        if kind == "renamed":
            document["renamed"][old] = draw(st.sampled_from(later))
        elif kind != "none":
            parts = draw(st.lists(st.sampled_from(later), min_size=2, max_size=3, unique=True))
            document["split"][old] = {"into": parts, "rules": [{"to": parts[0], "words": [old]}]}
            if kind == "split_all":
                document["split"][old]["otherwise"] = parts[1]
    known = taxonomy_of(
        *NOW, *(old for old in _OLD if not (old in document["renamed"] or old in document["split"]))
    )
    return parse_intent_map(yaml.safe_dump(document).encode(), known, source="drawn")


@settings(max_examples=60, deadline=None)
@given(maps(), st.sampled_from((*_OLD, *NOW)), st.sampled_from(("", "o1 o3", "o2 o4 o5")))
def test_mapping_twice_is_mapping_once(drawn: IntentMap, label: str, text: str) -> None:
    """What a map made of a label it leaves alone, and no label that changed comes out of it."""
    once = drawn.label_of(label, text)
    if once is not None:
        assert drawn.label_of(once, text) == once
        assert once not in drawn.kinds
    shown = drawn.current(label)
    assert drawn.current(shown) == shown
    assert shown not in drawn.kinds or shown in drawn.splits
