"""The few sentences that a bundle keeps of what it learnt from: for explanations, never needed to score."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from understanding.arrays.errors import BundleError
from understanding.arrays.stored import sha256_of
from understanding.explanation.result import ExampleSource
from understanding.manifest.manifest import EXAMPLES, read_manifest


class KeptExample(msgspec.Struct, frozen=True):
    """One learnt sentence and its label."""

    text: str
    label: str
    source: ExampleSource


def encode_examples(examples: Sequence[KeptExample]) -> bytes:
    """Return the content of a bundle's `examples.json`."""
    return msgspec.json.format(msgspec.json.encode(examples), indent=1) + b"\n"


def load_examples(folder: Path) -> tuple[KeptExample, ...]:
    """Read a bundle's examples; none where it keeps none or they were deleted.

    Raises BundleError where they are not the ones that were written.
    """
    file, expected = folder / EXAMPLES, read_manifest(folder).extras.get(EXAMPLES)
    if expected is None or not file.exists():
        return ()
    if sha256_of(file) != expected:
        raise BundleError(
            f"{file}: not what the bundle was written with; delete it, or copy the bundle again"
        )
    try:
        return msgspec.json.decode(file.read_bytes(), type=tuple[KeptExample, ...])
    except msgspec.MsgspecError as error:
        raise BundleError(f"{file}: damaged ({error}); delete it, or train again") from error
