"""What set-up writes beside an encoder, for tests that need none."""

from pathlib import Path

import msgspec

from schemas.model.manifest import EncoderForms
from schemas.model.prepared_encoder import DESCRIPTION, NAME, PreparedEncoder


def describe_encoder(folder: Path, *, processor: str = "some processor") -> None:
    """Write the description of an encoder into a folder."""
    forms = EncoderForms(processor=processor, chosen="f32", measured=())
    found = PreparedEncoder(name=NAME, source_sum="0" * 64, files={}, forms=forms)
    (folder / DESCRIPTION).write_bytes(msgspec.json.encode(found))
