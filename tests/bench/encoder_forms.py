"""The forms in which this machine can compute the bundle's encoder, and how it cuts texts into tokens.

All that the benchmark knows of how an encoder lies on disk is in this module.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from tokenizers import Tokenizer

from infra.settings import InfraSettings
from schemas.model.bundle import Bundle, encoder_of
from schemas.model.encoder import LayeredEncoder
from schemas.model.errors import BundleError
from schemas.model.precision import Precision

REFERENCE: Final = "f32"
_PUBLISHED: Final[tuple[Precision, ...]] = ("f32", "bf16")
"""What the published network is computed in; 8-bit integers are a network of their own, which a bundle carries."""


class Forms(NamedTuple):
    """Encoders by what they are called, REFERENCE among them, `chosen` the bundle's own; why others are missing."""

    chosen: str
    encoders: dict[str, LayeredEncoder]
    missing: list[str]


def forms_of(settings: InfraSettings, bundle: Bundle) -> Forms:
    """Return every form, each on one thread."""
    described = bundle.manifest.encoder
    chosen = f"as the bundle has it ({described.precision})"
    found = Forms(chosen, {chosen: bundle.encoder}, [])
    for precision in _PUBLISHED:
        changed = msgspec.structs.replace(described, precision=precision)
        try:
            found.encoders[precision] = encoder_of(changed, settings.encoder_folder, threads=1)
        except BundleError as error:
            found.missing.append(f"{precision} is not measured: {error}")
    return found


def token_counts(settings: InfraSettings, texts: Sequence[str]) -> list[int]:
    """Return how many tokens each text has for the encoder."""
    tokenizer = Tokenizer.from_file(str(settings.encoder_folder / "tokenizer.json"))
    tokenizer.no_padding()
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(list(texts))]
