"""Which texts are in a language that the frozen encoder has not learnt."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.model.language import language_of

ENCODER_LANGUAGE: Final = "en"
"""What bge-small-en-v1.5 was trained on."""


def in_another_language(texts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return for each text, (n,), whether its language is surely another; an unknown one counts as the encoder's."""
    found = [language_of(text) not in (None, ENCODER_LANGUAGE) for text in texts]
    return np.array(found, dtype=np.bool_)
