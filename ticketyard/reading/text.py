"""From bytes to lines of text: gzip, byte order marks, encodings and line ends; none is guessed silently."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

from ticketyard.reading.row import UnreadableFile

_GZIP_MAGIC: Final = b"\x1f\x8b"
_NO_TEXT: Final = {
    b"PK\x03\x04": "is a ZIP archive: unpack it, or say --format xlsx if it is a workbook",
    b"\xd0\xcf\x11\xe0": "is a workbook of old Excel: save it as .xlsx, or as CSV UTF-8",
}
_HEAD_BYTES: Final = 256 * 1024
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARKED_NAMES: Final = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32"}


class TextShape(NamedTuple):
    """How a file writes text: Python's name of its encoding, the end of its lines, and what to tell about it."""

    encoding: str
    line_end: str
    notes: tuple[str, ...]


class TextFile:
    """A text file, gzip or not, that is read from its start as often as needed.

    Raises UnreadableFile, when made, for what is no text or is in an encoding that must be named.
    """

    def __init__(self, path: Path, *, encoding: str | None = None) -> None:
        self.path = path
        self._size = path.stat().st_size
        self._raw: IO[bytes] = path.open("rb")
        try:
            self.shape = _shape(path, self._head(), encoding)
        except BaseException:
            self._raw.close()
            raise

    @property
    def bytes_read(self) -> int:
        """How far into the file, as it lies on disk, reading is."""
        return self._size if self._raw.closed else self._raw.tell()

    def lines(self) -> Iterator[str]:
        """Yield lines with their ends, from the start; a byte that fits no character becomes a surrogate."""
        number = 0
        try:
            with io.TextIOWrapper(
                self._from_start(),
                encoding=self.shape.encoding,
                errors="surrogateescape",
                newline=self.shape.line_end,
            ) as stream:
                for line in stream:
                    number += 1
                    yield line
        except UnicodeError as error:
            raise UnreadableFile(
                f"{self.path}, line {number + 1}, is not {self.shape.encoding}: {error}; name the right encoding "
                "with --encoding"
            ) from error
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFile(f"{self.path} cannot be read to its end: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def _from_start(self) -> IO[bytes]:
        self._raw.close()
        self._raw = self.path.open("rb")
        packed = self._raw.read(2) == _GZIP_MAGIC
        self._raw.seek(0)
        return gzip.open(self._raw) if packed else self._raw  # type: ignore[return-value]  # as above

    def _head(self) -> bytes:
        try:
            return self._from_start().read(_HEAD_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFile(f"{self.path} cannot be read to its end: {error}") from error


def not_text(text: str, encoding: str) -> str | None:
    """Say which encoding a text is not in, if bytes of it fitted no character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        if encoding.startswith("utf-8"):
            return "not UTF-8; if Windows or Excel wrote the file, try --encoding windows-1252"
        return f"not {encoding}"
    return None


def _shape(path: Path, head: bytes, wanted: str | None) -> TextShape:
    for magic, said in _NO_TEXT.items():
        if head.startswith(magic):
            raise UnreadableFile(f"{path} {said}")
    encoding, notes = _encoding(path, head, wanted)
    # An incomplete character at the end of the head is no fault of the file.
    text = head.decode(encoding, errors="replace")
    if "\n" in text or "\r" not in text:
        return TextShape(encoding, "\n", notes)
    return TextShape(encoding, "\r", (*notes, "its lines end with CR alone, and are read so"))


def _encoding(path: Path, head: bytes, wanted: str | None) -> tuple[str, tuple[str, ...]]:
    mark = next((name for start, name in _MARKS if head.startswith(start)), None)
    if wanted is not None:
        try:
            name = codecs.lookup(wanted).name
            io.TextIOWrapper(io.BytesIO(), encoding=wanted)  # Python's codecs are not all of text
        except LookupError as error:
            raise UnreadableFile(
                f"--encoding {wanted} is no encoding that is known here; name one as utf-8, utf-16 or windows-1252"
            ) from error
        # A mark would become a character of the first heading.
        return (mark, ()) if mark is not None and mark.startswith(name.removesuffix("-le")) else (name, ())
    if mark is not None:
        said = f"read as {_MARKED_NAMES[mark]}, as its byte order mark says"
        return mark, () if mark == "utf-8-sig" else (said,)
    zeros = head[:4096].count(0)
    if zeros * 4 > len(head[:4096]):
        end = "le" if head[1:4096:2].count(0) * 2 > zeros else "be"
        raise UnreadableFile(
            f"{path} is not UTF-8: it looks like UTF-16 without its byte order mark; if it is, say --encoding "
            f"utf-16-{end}, or save it as UTF-8"
        )
    return "utf-8", ()
