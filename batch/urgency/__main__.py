"""`python -m batch.urgency`: fits the weights of urgency anew and writes them into the package."""

from pathlib import Path

import msgspec

from batch.urgency.examples import examples, examples_sum, split
from batch.urgency.fit import fit_urgency
from schemas.settings import CommonSettings
from understanding.encoder.prepared_encoder import NAME, published_encoder
from understanding.signals.urgency import learnt


def main() -> None:
    """Fit on four fifths of the examples and write the weights beside the module that reads them."""
    train, _ = split(examples())
    encoder = published_encoder(CommonSettings().encoder_folder)
    weights = fit_urgency(train, encoder.embed, encoder=NAME, examples=examples_sum())
    written = msgspec.json.format(msgspec.json.encode(weights), indent=-1) + b"\n"
    Path(learnt.__file__).with_name(learnt.WEIGHTS).write_bytes(written)


if __name__ == "__main__":
    main()
