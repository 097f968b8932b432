"""Writes the draft of a mapping: YAML, with a comment wherever a person must look or choose."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from ticketyard.reading import FileFacts, ReadingOptions
from ticketyard.reading.csv_rows import SEPARATORS
from ticketyard.suggesting import words
from ticketyard.suggesting.time_formats import TimeGuess, guess

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_ ./()\[\]]*(?<![ ])")
_NAME: Final = re.compile(r"[^a-z0-9]+")
_MOST_WORDS: Final = 30


class Sample(NamedTuple):
    """What is known of a file: which column serves which use, and what its columns hold.

    `rows` were looked at, which `is_all` or the first of the file; `problems` are of those that could not be read.
    """

    name: str
    rows: int
    is_all: bool
    problems: list[str]
    facts: FileFacts
    options: ReadingOptions
    columns: list[str]
    roles: dict[str, str]
    values: Callable[[str], list[Any]]
    words: Callable[[str], Counter[str]]
    latest: datetime


def draft(sample: Sample) -> str:
    """Return the draft; where something is unknown it lacks what only a person knows, so a check will ask for it."""
    times = _times(sample)
    lines = [
        f"# A draft for {sample.name}, made of {_looked_at(sample)}. Look at each CHECK, then try it:",
        f"#   ticketyard replay {sample.name} --mapping THIS_FILE --check",
        *_doubtful_rows(sample),
        *_file(sample),
        f"source: /replay/{_NAME.sub('-', sample.name.partition('.')[0].lower()).strip('-') or 'tickets'}",
        *_time(sample, times),
        *_id(sample),
        "events:",
        *_opened(sample),
        *_first_reply(sample, times),
        *_finished(sample, times),
        *_survey(sample, times),
        *_unused(sample),
    ]
    # Headings may hold line breaks and worse, which end a comment or are no YAML.
    return "\n".join("".join(mark if mark.isprintable() else " " for mark in line) for line in lines) + "\n"


def _looked_at(sample: Sample) -> str:
    return f"its headings and {'all' if sample.is_all else 'the first'} {sample.rows:,} rows"


def _doubtful_rows(sample: Sample) -> Iterator[str]:
    """Write what the draft cannot know: rows behind those that were looked at, and rows that could not be read."""
    if not sample.is_all:
        yield (
            f"# CHECK: a word that occurs only behind row {sample.rows:,} (a status, say) stands in no list here; "
            "a status that is in none neither resolves nor closes"
        )
    if sample.problems:
        yield (
            f"# CHECK: {len(sample.problems):,} of these rows could not be read, and are not in it: "
            f"{sample.problems[0]}"
        )


def _times(sample: Sample) -> dict[str, TimeGuess | None]:
    return {
        role: guess(sample.values(sample.roles[role]), latest=sample.latest)
        for role in ("opened", "first_reply", "resolved", "closed")
        if role in sample.roles
    }


def _file(sample: Sample) -> Iterator[str]:
    facts, options = sample.facts, sample.options
    said = {
        "encoding": options.encoding,
        "separator": SEPARATORS.get(facts.separator or "", facts.separator)
        if facts.separator != ","
        else None,
        "rows": options.rows,
        "sheet": options.sheet,
    }
    yield from (f"# {note}" for note in facts.notes)
    known = ", ".join(f"{name}: {_quoted(value)}" for name, value in said.items() if value)
    if known:
        yield f"file: {{{known}}}"


def _time(sample: Sample, times: dict[str, TimeGuess | None]) -> Iterator[str]:
    column = sample.roles.get("opened")
    if column is None:
        yield "# CHECK: no column seems to say when a ticket was opened; without one, it is when it is sent"
        yield "# time: {column: ..., formats: iso, zone: Europe/Berlin}"
        return
    found = times["opened"]
    yield from _doubts(column, found)
    yield f"time: {_time_of(column, found)}"


def _doubts(column: str, found: TimeGuess | None) -> Iterator[str]:
    if found is None:
        yield f'# CHECK: no known format fits all of {column!r}; name it as `formats: "%d.%m.%Y %H:%M"`'
        return
    if found.ambiguous:
        choice = " or ".join(_quoted(form) for form in found.formats)
        yield f"# CHECK: {column!r} is AMBIGUOUS: {choice} fit every value; write the right one as `formats:`"
    if not found.zoned:
        yield f"# CHECK: {column!r} names no zone: add where it was written, as `zone: Europe/Berlin`, or use --zone"


def _time_of(column: str, found: TimeGuess | None) -> str:
    known = found is not None and not found.ambiguous
    formats = f", formats: {_quoted(found.formats[0])}" if known and found else ""
    return f"{{column: {_quoted(column)}{formats}}}"


def _id(sample: Sample) -> Iterator[str]:
    column = sample.roles.get("ticket_id")
    if column is None:
        yield "# CHECK: no column seems to be a ticket's id; its rows are told apart by file and number"
    else:
        yield f"id: {_in_quotes('{' + column + '}:{event}')}"


def _opened(sample: Sample) -> Iterator[str]:
    roles = sample.roles
    yield "  - type: TicketOpened"
    yield "    fields:"
    yield f"      ticket_id: {_ticket(sample)}"
    if "customer" in roles:
        yield f"      customer_id: {{column: {_quoted(roles['customer'])}, blank: default, default: unknown}}"
    else:
        yield "      customer_id: {constant: unknown}  # CHECK: no column seems to name the customer"
    if "channel" in roles:
        yield from _table("channel", roles["channel"], sample, words.CHANNELS)
    else:
        yield "      channel: {constant: email}  # CHECK: no column says how tickets came"
    for field, role in (("subject", "subject"), ("text", "text"), ("team", "team"), ("assignee", "assignee")):
        if role in roles:
            yield f"      {field}: {_quoted(roles[role])}"
    if "priority" in roles:
        yield from _table("priority", roles["priority"], sample, words.PRIORITIES)
    if "tags" in roles:
        yield f"      attributes.tags: {_quoted(roles['tags'])}"


def _first_reply(sample: Sample, times: dict[str, TimeGuess | None]) -> Iterator[str]:
    column = sample.roles.get("first_reply")
    if column is None or times["first_reply"] is None:
        return
    agent = sample.roles.get("assignee")
    yield "  - type: MessageAdded  # the first reply, of which the file has only the time"
    yield from _own_time(column, times["first_reply"])
    yield "    fields:"
    yield f"      ticket_id: {_ticket(sample)}"
    yield "      author: {constant: agent}"
    yield (
        f"      author_id: {{column: {_quoted(agent)}, blank: default, default: unknown}}"
        if agent
        else "      author_id: {constant: unknown}"
    )


def _finished(sample: Sample, times: dict[str, TimeGuess | None]) -> Iterator[str]:
    """Write how tickets end; without a column that says when, only as a comment, as it would be when they began."""
    column = sample.roles.get("status")
    found, strange = words.meanings(sample.words(column) if column else (), words.STATUSES)
    if strange:
        yield f"  # CHECK: these of {column!r} are not known, and neither resolve nor close: {_some(strange)}"
    ends = (
        ("TicketResolved", "resolved", {words.RESOLVED, words.CLOSED}),
        ("TicketClosed", "closed", {words.CLOSED}),
    )
    for kind, role, wanted in ends:
        said = [word for word, meaning in found.items() if meaning in wanted]
        condition = (
            f"{{column: {_quoted(column)}, equals: [{', '.join(map(_quoted, said))}]}}"
            if column and said
            else ""
        )
        if times.get(role) is not None:
            yield f"  - type: {kind}"
            yield from _own_time(sample.roles[role], times[role], blank="skip" if condition else None)
            yield from [f"    when: {condition}"] if condition else []
            yield f"    fields: {{ticket_id: {_ticket(sample)}}}"
        elif condition:
            yield "  # CHECK: no column says when this happened; name one, and take the signs of comments away:"
            yield f"  # - type: {kind}"
            yield "  #   time: {column: ...}"
            yield f"  #   when: {condition}"
            yield f"  #   fields: {{ticket_id: {_ticket(sample)}}}"


def _survey(sample: Sample, times: dict[str, TimeGuess | None]) -> Iterator[str]:
    column = sample.roles.get("score")
    if column is None:
        return
    said = sample.words(column)
    if set(said) <= {"1", "2", "3", "4", "5"}:
        score, answers = _quoted(column), list(said)
    else:
        found, strange = words.meanings(said, words.SCORES)
        unknown = [word for word in strange if word.lower() not in words.UNANSWERED]
        if unknown:
            yield f"  # CHECK: these of {column!r} are no known answer: {_some(unknown)}"
        answers = list(found)
        table = ", ".join(f"{_quoted(word)}: {value}" for word, value in found.items())
        score = f"{{column: {_quoted(column)}, values: {{{table}}}}}"
    if not answers:
        return
    yield "  - type: SurveyAnswered"
    role = next((role for role in ("resolved", "closed") if times.get(role) is not None), None)
    if role is not None:
        yield from _own_time(sample.roles[role], times[role], blank="skip")
    yield f"    when: {{column: {_quoted(column)}, equals: [{', '.join(map(_quoted, answers))}]}}"
    yield f"    fields: {{ticket_id: {_ticket(sample)}, score: {score}}}"


def _own_time(column: str, found: TimeGuess | None, *, blank: str | None = None) -> Iterator[str]:
    if found is not None and found.ambiguous:
        yield from (f"    {line}" for line in _doubts(column, found))
    inner = _time_of(column, found)
    yield f"    time: {inner[:-1]}, blank: {blank}}}" if blank else f"    time: {inner}"


def _table(field: str, column: str, sample: Sample, known: dict[str, set[str]]) -> Iterator[str]:
    """Write a field whose words are translated; what is not known stands in a comment, and rejects its rows."""
    counted = sample.words(column)
    found, strange = words.meanings(counted, known)
    if strange:
        choice = ", ".join(known)
        yield f"      # CHECK: add what these of {column!r} are ({choice}): {_some(strange)}"
    table = ", ".join(f"{_quoted(word)}: {meaning}" for word, meaning in found.items())
    yield f"      {field}: {{column: {_quoted(column)}, values: {{{table}}}}}"


def _unused(sample: Sample) -> Iterator[str]:
    left = [column for column in sample.columns if column not in sample.roles.values()]
    if left:
        yield f"# not used: {', '.join(left[:60])}"
        yield "# a column becomes an attribute of the ticket as `attributes.floor: Floor`"


def _ticket(sample: Sample) -> str:
    column = sample.roles.get("ticket_id")
    return _quoted(column) if column else '{template: "{file_id}-{row}"}'


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_WORDS} more" if len(names) > _MOST_WORDS else ""
    return ", ".join(map(_quoted, names[:_MOST_WORDS])) + more


def _quoted(text: str) -> str:
    """Return a text as YAML writes it inside a flow."""
    simple = (
        _PLAIN.fullmatch(text) and not set(text) & set("[]") and text.lower() not in {"null", "yes", "no"}
    )
    return text if simple else _in_quotes(text)


def _in_quotes(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())
