"""The vectors of words that an encoder begins with: a table of 4-bit blocks, of which only the needed ones are read.

There are 250,000 of them and a text has a dozen, so the file is mapped into memory and shared by all processes. No
training moves them, so every bundle has the same file.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from understanding.arrays.errors import BundleError
from understanding.arrays.probabilities import Matrix
from understanding.encoder.packed import BLOCK_TYPE, unpacked


class WordVectors:
    """Looks up vectors by token numbers; from any thread."""

    def __init__(self, file: Path) -> None:
        """Open the file; BundleError where it is no such table."""
        try:
            self._blocks = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise BundleError(f"{file}: no table of word vectors ({error}); run `make setup`") from error
        if self._blocks.dtype != BLOCK_TYPE or self._blocks.ndim != 2:  # noqa: PLR2004 - words and blocks
            raise BundleError(f"{file}: holds no 4-bit blocks; run `make setup`")

    def of(self, tokens: npt.NDArray[Any]) -> Matrix:
        """Return the vectors of token numbers, (texts, tokens, width)."""
        return unpacked(self._blocks[tokens])


def write_words(words: npt.NDArray[Any], file: Path) -> None:
    """Write the table, (vocabulary, blocks of a row)."""
    np.save(file, words, allow_pickle=False)
