"""What fitting the tiers finds."""

from typing import Any, NamedTuple

from understanding.manifest.bands import Bands
from understanding.manifest.fit_settings import FitSettings, Search
from understanding.manifest.manifest import Validation

State = dict[str, Any]
"""A tier as it is stored: arrays and numbers by name."""


class Fitted(NamedTuple):
    """What training found: the states of both tiers as they are stored, the thresholds, the bands, the settings.

    The head's state holds that of the encoder's lower layers as `early`, where it may be left after them; then there is
    an `exit_threshold`. `student` is what the first tier learnt from a fine-tuned encoder. `several` are the thresholds
    of a model that answers several labels.
    """

    ngrams: State
    head: State
    threshold: float
    validation: Validation | None
    bands: Bands | None
    settings: FitSettings = FitSettings()
    search: Search | None = None
    several: State | None = None
    exit_threshold: float | None = None
    student: State | None = None
