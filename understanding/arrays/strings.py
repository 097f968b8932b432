"""Strings as one array of bytes, so that a bundle holds arrays only."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def pack_strings(strings: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Pack strings without line breaks into one array, so that a bundle holds arrays only."""
    return np.frombuffer("\n".join(strings).encode("utf-8", "surrogatepass"), dtype=np.uint8)


def unpack_strings(packed: npt.NDArray[np.uint8]) -> list[str]:
    """Undo `pack_strings`."""
    return packed.tobytes().decode("utf-8", "surrogatepass").split("\n") if packed.size else []
