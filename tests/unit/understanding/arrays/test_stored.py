"""Arrays in skops files: equal bytes for equal content, and nothing but arrays when read."""

import io
import subprocess
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.svm import LinearSVC

from understanding.arrays.errors import BundleError
from understanding.arrays.stored import dump_arrays, load_arrays


def _state() -> dict[str, object]:
    return {
        "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
        "again": np.arange(6, dtype=np.float32).reshape(2, 3),
        "terms": np.frombuffer(b"one\ntwo", dtype=np.uint8),
        "scale": 1.25,
    }


def test_equal_content_gives_equal_bytes() -> None:
    """Neither memory addresses nor the clock get into the file."""
    first = _state()
    assert dump_arrays(first) == dump_arrays(_state())
    with zipfile.ZipFile(io.BytesIO(dump_arrays(first))) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}


def test_what_was_dumped_is_loaded() -> None:
    """Arrays keep type, shape and values."""
    loaded = load_arrays(dump_arrays(_state()), source="here")
    for name, value in _state().items():
        np.testing.assert_array_equal(loaded[name], value)
    assert loaded["weights"].dtype == np.float32


def test_our_reader_reads_what_skops_reads() -> None:
    """The file is skops' own format: both readers give the same, nested values included."""
    state = {**_state(), "nested": {"list": [1, None, "x", np.zeros(2)], "yes": True}}
    data = dump_arrays(state)
    ours, theirs = load_arrays(data, source="here"), skops.io.loads(data, trusted=[])
    assert repr(theirs) == repr(ours)


@pytest.mark.parametrize(
    "foreign", [LinearSVC(), np.random.default_rng(1), subprocess.run, np.array([object()])]
)
def test_any_other_type_is_refused_by_name(foreign: object) -> None:
    """Even types that skops itself trusts: a bundle needs none of them."""
    with pytest.raises(BundleError, match=r"there/head\.skops: holds a type that a bundle never has"):
        load_arrays(skops.io.dumps({"weights": foreign}), source="there/head.skops")


@pytest.mark.parametrize("data", [b"", b"no zip at all", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_named(data: bytes) -> None:
    """The message says which file, and what to do."""
    with pytest.raises(BundleError, match=r"ngrams\.skops: not a skops file .* train again"):
        load_arrays(data, source="ngrams.skops")


def test_something_else_than_a_dict_is_refused() -> None:
    """A bundle's files hold named arrays."""
    with pytest.raises(BundleError, match="holds list where a dict belongs"):
        load_arrays(skops.io.dumps([1, 2]), source="ngrams.skops")
