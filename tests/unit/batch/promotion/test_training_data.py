"""What the next model learns from, and the frozen test."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.foundation.training_options import TrainingOptions
from batch.promotion.training_data import gather
from batch.training.rows.labelled_files import LabelledFile
from batch.training.rows.rows import LabelledRow, TrainingError
from schemas.taxonomy import load_taxonomy
from understanding.manifest.manifest import DataInput
from understanding.scoring.text import as_read, split_of

TAXONOMY = load_taxonomy()
SMALL = TAXONOMY.model_copy(update={"intents": dict(list(TAXONOMY.intents.items())[:8])})


def labelled(*rows: LabelledRow) -> LabelledFile:
    return LabelledFile(list(rows), 0, 0, DataInput(name="f", sha256="s", rows=len(rows)))


def corrections(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"text": text, "label": label} for text, label in pairs]


def test_examples_are_tested_by_their_hash() -> None:
    """Examples are tested by a hash of their text; names and descriptions of intents only teach."""
    data = gather(TAXONOMY, [], [])
    tested = {row.text for row in data.test()}
    examples = {text for text, _ in TAXONOMY.examples()}
    assert tested == {text for text in examples if split_of(as_read(text)) == "test"}
    assert 0.05 < len(tested) / len(examples) < 0.15


@given(texts=st.lists(st.text(min_size=1), max_size=20))
def test_more_data_never_thaws_the_test(texts: list[str]) -> None:
    """Whatever is corrected, each earlier test row stays a test row, and no tested text is learnt from."""
    before = gather(SMALL, [], [])
    after = gather(SMALL, [], corrections(*((text, "refund_status") for text in texts)))
    assert {row.text for row in before.test()} <= {row.text for row in after.test()}
    tested = {as_read(row.text) for row in after.test()}
    assert not tested & {as_read(row.text) for row in after.rows if row.split != "test"}


@pytest.mark.parametrize(
    "written",
    [
        "{}\n\n-- \nAnn",
        "<p>{}</p>",
        "{}\n\nOn Mon, 5 Jan 2026 at 10:00, Support wrote:\n> How can we help?",
    ],
)
@pytest.mark.parametrize("text", ["My card was declined", "The parcel never came", "I want my money back"])
def test_a_signature_makes_no_other_text(written: str, text: str) -> None:
    """The model reads the same: with a signature, tags or a quoted reply, tested texts were learnt and looked right."""
    tested = labelled(LabelledRow(text, ("a",), "test"))
    assert gather(None, [tested], corrections((written.format(text), "b"))).rows == tested.rows
    both = gather(None, [], corrections((written.format(text), "b"), (text, "b")))
    assert len({row.split for row in both.rows}) == 1


def test_split_of_a_file_is_kept() -> None:
    """Where a file names splits they hold, and a text that it tests is learnt from nowhere else."""
    text = next(f"text {n}" for n in range(100) if split_of(f"text {n}") != "test")
    data = gather(None, [labelled(LabelledRow(text, ("a",), "test"))], corrections((text.upper(), "b")))
    assert data.rows == [LabelledRow(text, ("a",), "test")]


def test_inputs_name_every_source() -> None:
    """The bundle can say what it was made from: taxonomy, each file, and the corrections of the history."""
    data = gather(TAXONOMY, [labelled(LabelledRow("t", ("a",)))], corrections(("x", "y")))
    assert [source.name for source in data.inputs] == ["taxonomy", "f", "corrections"]
    assert data.inputs[0].sha256 == TAXONOMY.sum


def test_sum_says_whether_anything_changed() -> None:
    """Equal inputs have an equal sum, in whatever order corrections come; another label or setting changes it.

    Whether customers' texts are kept is one: turned off, it was said that nothing was to do, and they stayed.
    """
    one = gather(None, [], corrections(("x", "a"), ("y", "b")))
    same = gather(None, [], corrections(("y", "b"), ("x", "a")))
    other = gather(None, [], corrections(("y", "b"), ("x", "b")))
    usual = TrainingOptions()
    assert one.sum(usual) == same.sum(usual)
    others = [
        TrainingOptions(seed=2),
        TrainingOptions(encoder="fine-tuned"),
        TrainingOptions(keep_examples=True),
    ]
    assert len({one.sum(usual), other.sum(usual), *map(one.sum, others)}) == 5


def test_an_update_gets_the_corrections_apart() -> None:
    """What they were learnt beside, and they themselves; the tested ones among them keep their split."""
    texts = [f"text {n}" for n in range(40)]
    data = gather(SMALL, [], corrections(*((text, "refund_status") for text in texts)))
    known = data.known()
    assert [row.text for row in known.corrections] == texts
    assert [*known.rows, *known.corrections] == data.rows
    assert [row.text for row in known.learnable()] == [text for text in texts if split_of(text) != "test"]


def test_auto_fine_tunes_for_labelled_files_only() -> None:
    """A taxonomy and a few corrections are too little for it; what was asked by name is done."""
    without = gather(TAXONOMY, [], corrections(("x", "a")))
    with_file = gather(TAXONOMY, [labelled(LabelledRow("t", ("a",)))], [])
    assert [without.encoder("auto"), with_file.encoder("auto")] == ["frozen", "auto"]
    assert without.encoder("fine-tuned") == "fine-tuned"


@pytest.mark.parametrize("name", ["sentiment", "intent_map"])
def test_what_bundles_carry_is_no_labelled_file(name: str) -> None:
    """A sentiment model counted as one, so auto fine-tuned the encoder on nothing but the taxonomy."""
    data = gather(TAXONOMY, [], [])
    carrying = data._replace(inputs=[*data.inputs, DataInput(name=name, sha256="s", rows=3)])
    assert carrying.encoder("auto") == "frozen"


def test_no_test_rows_is_said_before_training() -> None:
    """Without a single test row there is no gate, and the message says how to get one."""
    with pytest.raises(TrainingError, match="one in ten becomes a test row"):
        gather(None, [], []).test()
