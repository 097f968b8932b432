"""Rows and answers under the names that intents have now."""

from msgspec.structs import replace

from batch.foundation.training_options import TrainingOptions
from batch.promotion.training_data import gather
from batch.training.rows.current_names import rename_answers, rename_rows
from batch.training.rows.labelled_files import LabelledFile
from batch.training.rows.rows import LabelledRow
from schemas.intent_map import NO_CHANGES, parse_intent_map
from schemas.triage import Guess, Triage
from tests.unit.schemas.intents import taxonomy_of
from understanding.manifest.manifest import DataInput

TAXONOMY = taxonomy_of("new", "left", "right")
INTENTS = parse_intent_map(
    b"""
version: "1"
renamed: {old: new}
merged: {new: [gone]}
split:
  both: {into: [left, right], rules: [{to: left, words: [left]}, {to: right, channels: [chat]}]}
""",
    TAXONOMY,
    source="test",
)


def row(*labels: str, text: str = "text", channel: str | None = None) -> LabelledRow:
    """Return a row with these labels."""
    return LabelledRow(text, labels, channel=channel)


def test_rows_get_the_names_of_now() -> None:
    """A row with several labels keeps each once; what stays as it was is not counted."""
    found = rename_rows([row("old"), row("new"), row("old", "gone"), row("unheard", "old")], INTENTS)
    assert [each.labels for each in found.rows] == [("new",), ("new",), ("new",), ("unheard", "new")]
    assert (found.relabelled, found.left_out) == (3, 0)


def test_rows_of_a_split_intent_go_where_the_rules_say_or_teach_nothing() -> None:
    """One label that nothing decides is dropped; a row of which none is left is left out."""
    found = rename_rows(
        [row("both", text="my left"), row("both", channel="chat"), row("both"), row("both", "new")], INTENTS
    )
    assert [each.labels for each in found.rows] == [("left",), ("right",), ("new",)]
    assert (found.relabelled, found.left_out) == (3, 1)


def test_renaming_twice_is_renaming_once() -> None:
    """What was renamed is left alone the next time."""
    once = rename_rows([row("old"), row("both", text="left"), row("both")], INTENTS)
    assert rename_rows(once.rows, INTENTS) == (once.rows, 0, 0)


def test_a_manifest_names_the_map_where_it_counted() -> None:
    """So equal inputs are told from unequal ones; a map that changes nothing is no input."""
    file = LabelledFile([row("old"), row("both")], 0, 0, DataInput(name="f", sha256="s", rows=2))
    correction = {"text": "wrong", "label": "gone", "channel": None, "customer_tier": None}

    data = gather(None, [file], [correction], INTENTS)
    assert data.inputs[-1] == DataInput(name="intent_map", sha256=INTENTS.sum, rows=2, skipped=1)
    assert {each.labels for each in data.rows} == {("new",)}
    usual = TrainingOptions()
    assert data.sum(usual) != gather(None, [file], [correction]).sum(usual)
    again = gather(None, [file], [correction, correction], INTENTS)
    assert data.base_sum(usual) == again.base_sum(usual)
    assert [source.name for source in gather(None, [file], [], NO_CHANGES).inputs] == ["f", "corrections"]


def test_an_older_model_answers_under_the_names_of_now() -> None:
    """So a champion of before the renaming is judged by what it meant; what was split it cannot know."""
    answered = Triage(
        model_version="m",
        decided_by="ngrams",
        team="t",
        intent="old",
        guesses=(Guess("old", 0.7), Guess("both", 0.2)),
    )
    (found,) = rename_answers([answered], INTENTS)
    assert (found.intent, [guess.label for guess in found.guesses]) == ("new", ["new", "both"])
    empty = replace(answered, intent=None, guesses=())
    assert rename_answers([empty], INTENTS) == [empty]
    assert rename_answers([answered], NO_CHANGES) == [answered]
