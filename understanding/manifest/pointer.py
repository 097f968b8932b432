"""Which bundle is the current one, as a small file beside the bundles says; read without any engine."""

from pathlib import Path
from typing import Final

import msgspec

from understanding.arrays.errors import BundleError

CURRENT: Final = "CURRENT"

PREDICTIONS_FOLDER: Final = "predictions"
"""The folder in the models folder that has models of predictions, their releases and the pointer to the current one."""


class CurrentModel(msgspec.Struct, frozen=True, kw_only=True):
    """The pointer to a bundle.

    `uri` is its folder, absolute or relative to the models folder; `sha256` is that of its `bundle.json`,
    which holds the sums of all its files.
    """

    version: str
    uri: str
    sha256: str

    def folder(self, models: Path) -> Path:
        """Return the bundle's folder."""
        return models / self.uri  # an absolute uri stays itself


def read_current(models: Path) -> CurrentModel | None:
    """Read the pointer; None where no model has been published yet, BundleError where it is damaged."""
    file = models / CURRENT
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(data, type=CurrentModel)
    except msgspec.MsgspecError as error:
        raise BundleError(
            f"{file}: damaged ({error}); run `ticketyard batch train`, which writes it again"
        ) from error
