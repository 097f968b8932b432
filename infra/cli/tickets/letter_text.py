"""How dead letters look on a terminal; pure, and safe for it: what a stranger sent is never printed raw."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.errors import Permanent
from streams.dead_letters.letters import DeadLetter, LetterReplay, Letters

WIDTH: Final = 80
_ID: Final = 8
_SHOWN_CHARACTERS: Final = 4000
_DUMP_BYTES: Final = 256
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def printable(text: str) -> str:
    """Return a text in which control characters, also those that move a terminal's cursor, are escaped."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def lines_of(letter: DeadLetter, replay: LetterReplay | None) -> list[str]:
    """Return the two lines of a letter in a list: what and where, then why; neither is wider than 80 columns."""
    about = letter.about
    first = f"{letter.id[:_ID]}  {letter.died_at:%m-%d %H:%M}  {about.stage:<7}  {about.error:<18}  {_place(letter)}"
    why = f"replayed {replay.at:%m-%d %H:%M}; was: {about.message}" if replay else about.message
    return [_cut(printable(first)), _cut(f"{'':{_ID}}  {printable(why)}")]


def _place(letter: DeadLetter) -> str:
    return f"{letter.about.topic}[{letter.about.partition}]@{letter.about.offset}"


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def closing_lines(letters: Letters, *, matching: int, shown: int) -> list[str]:
    """Return what a list ends with: how many there are, what may be done, what is no letter."""
    lines = [f"{shown} of {matching} letters, newest first; times are UTC."]
    if shown < matching:
        lines.append("--limit shows more, --stage, --error, --topic, --since and --pending choose.")
    if letters.strangers:
        stranger = letters.strangers[0]
        more = len(letters.strangers) - 1
        named = f"{stranger.place} is no letter ({printable(stranger.error)})"
        lines.append(f"{named}, and {more} more" if more else named)
    lines.append("`ticketyard dead show ID` prints one, `ticketyard dead replay ID` sends it back.")
    return lines


def summary(letter: DeadLetter, replay: LetterReplay | None) -> dict[str, Any]:
    """Return what is known of a letter beside its value and headers, for JSON and for `show`."""
    about = letter.about
    return {
        "id": letter.id,
        "stage": about.stage,
        "error": about.error,
        "message": about.message,
        "topic": about.topic,
        "partition": about.partition,
        "offset": about.offset,
        "topic_id": about.topic_id,
        "value_bytes": about.value_bytes,
        "value_sha256": about.value_sha256,
        "arrived_at": datetime.fromtimestamp(about.timestamp_ms / 1000, UTC),
        "died_at": letter.died_at,
        "replayed_at": replay.at if replay else None,
        "replayed_to_offset": replay.about.replayed_to_offset if replay else None,
    }


def page_of(letter: DeadLetter, replay: LetterReplay | None) -> list[str]:
    """Return all lines of `show`: the summary, key and headers, and the value, as text where it is text."""
    lines = [
        f"{name}: {_text_of(value)}" for name, value in summary(letter, replay).items() if value is not None
    ]
    key = letter.about.key
    lines.append("key: none" if key is None else f"key: {_bytes(key)}")
    lines += [f"header {printable(name)}: {_bytes(value)}" for name, value in letter.about.headers]
    if letter.value is None:
        return [*lines, "value: null"]
    whole = letter.about.value_bytes
    size = (
        f"{len(letter.value):,} bytes"
        if whole is None
        else f"the first {len(letter.value):,} of {whole:,} bytes"
    )
    return [*lines, f"value: {size}", *value_lines(letter.value)]


def _text_of(value: object) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else printable(str(value))


def _bytes(value: bytes | None) -> str:
    return "null" if value is None else _cut_value(printable(value.decode(errors="backslashreplace")))


def _cut_value(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "… (--save FILE has it all)"


def value_lines(value: bytes) -> list[str]:
    """Return a value for people: its lines where it is UTF-8, else hexadecimal with its readable characters."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return _dump(value)
    return [printable(line) for line in _cut_value(text).split("\n")] if text else []


def _dump(value: bytes) -> list[str]:
    shown = value[:_DUMP_BYTES]
    rows = (shown[at : at + 16] for at in range(0, len(shown), 16))
    lines = [f"{at * 16:08x}  {row.hex(' '):<47}  {_readable(row)}" for at, row in enumerate(rows)]
    return lines if len(shown) == len(value) else [*lines, "… (--save FILE has it all)"]


def _readable(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)  # noqa: PLR2004 - ASCII's bounds


def moment_of(text: str, now: datetime) -> datetime:
    """Return the moment that `--since` says: `90s`, `30m`, `2h`, `7d` before now, or an ISO date or time (UTC)."""
    ago = re.fullmatch(r"(\d{1,5})([smhd])", text)
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Permanent(f"--since {text!r} is neither like 2h or 7d nor a date like 2026-03-31") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
