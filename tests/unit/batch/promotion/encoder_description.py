"""What set-up writes beside an encoder, for tests that need none."""

from pathlib import Path

import msgspec

from understanding.encoder.prepared_encoder import DESCRIPTION, NAME, PreparedEncoder
from understanding.manifest.manifest import EncoderForms


def describe_encoder(folder: Path, *, processor: str = "some processor") -> None:
    """Write the description of an encoder into a folder."""
    forms = EncoderForms(processor=processor, chosen="f32", measured=())
    found = PreparedEncoder(name=NAME, source_sum="0" * 64, files={}, forms=forms)
    (folder / DESCRIPTION).write_bytes(msgspec.json.encode(found))
