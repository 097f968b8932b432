"""The folder of the published encoder as set-up makes it: its network in the chosen form, and what training needs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix
from understanding.encoder.encoder import OpenvinoEncoder
from understanding.encoder.network import NETWORK
from understanding.encoder.openvino_runtime import openvino
from understanding.manifest.manifest import EncoderForms

PUBLISHED: Final = "published.bin"
"""The packed file that the network was made of; fine-tuning begins at its weights."""

MEANS: Final = "means.npy"
"""What is taken away from the states that are read, (layers read, width): the mean of many texts' vectors."""

DESCRIPTION: Final = "encoder.json"
NAME: Final = "multilingual-e5-small"
LAYERS: Final = (12, 8)
"""The layers that are read, of twelve: the last, and one beside it (docs/measurements/encoders.md)."""


class PreparedEncoder(msgspec.Struct, frozen=True, kw_only=True):
    """What set-up made: of which files, by their sha256, and the `forms` that it chose from."""

    name: str
    source_sum: str
    files: Mapping[str, str]
    forms: EncoderForms


def read_prepared(folder: Path) -> PreparedEncoder:
    """Read the description in an encoder's folder; BundleError where it is missing or damaged."""
    file = folder / DESCRIPTION
    try:
        return msgspec.json.decode(file.read_bytes(), type=PreparedEncoder)
    except OSError as error:
        raise BundleError(f"{file}: the encoder is not there; run `make setup`, which makes it") from error
    except msgspec.MsgspecError as error:
        raise BundleError(f"{file}: damaged ({error}); run `make setup`") from error


def read_means(folder: Path) -> Matrix:
    """Read the means in an encoder's folder, (layers read, width); BundleError where they are missing or damaged."""
    file = folder / MEANS
    try:
        return np.asarray(np.load(file, allow_pickle=False), dtype=np.float32)
    except FileNotFoundError as error:
        raise BundleError(
            f"{file}: missing, the encoder is of an earlier version; run `make setup`"
        ) from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{file}: damaged ({error}); run `make setup`") from error


def published_encoder(folder: Path, *, threads: int = 1) -> OpenvinoEncoder:
    """Load the encoder of a folder in the form that set-up chose; BundleError where it is missing or damaged."""
    return OpenvinoEncoder(folder, precision=read_prepared(folder).forms.chosen, threads=threads)


def write_network(folder: Path, network: openvino.Model) -> None:
    """Write a network as OpenVINO's files; a folder's network is replaced."""
    openvino.save_model(network, folder / NETWORK, compress_to_fp16=False)
