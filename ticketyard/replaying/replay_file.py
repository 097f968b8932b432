"""One call from a path to published events: opens what a replay needs, and keeps its progress in the home."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec

from schemas.records.topics import Topic
from ticketyard.connection import topic_identities
from ticketyard.mapping import Mapping, load_mapping
from ticketyard.producer import TicketProducer
from ticketyard.reading import ReadingOptions, RowFile
from ticketyard.reading.identity import file_sum
from ticketyard.replaying.pacing import AsFastAsPossible, Pace
from ticketyard.replaying.progress import ProgressFile, ReplayKey
from ticketyard.replaying.replay import OnProgress, Replay, ReplaySummary, check_names
from ticketyard.settings import ProducingSettings


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay, and how; see `ticketyard replay --help`."""

    file: Path
    mapping: Path
    pace: Pace = msgspec.field(default_factory=AsFastAsPossible)
    by_time: bool = False
    reading: ReadingOptions = ReadingOptions()
    zone: str | None = None
    where: dict[str, str] = {}
    limit: int | None = None
    rejects: Path | None = None
    from_start: bool = False


def replay_file(
    settings: ProducingSettings,
    request: ReplayRequest,
    *,
    on_progress: OnProgress = lambda _share, _rows, _events: None,
    on_notes: Callable[[list[str]], None] = lambda _notes: None,
) -> ReplaySummary:
    """Publish a file's rows from where an earlier run stopped, and return the sums.

    `on_progress` hears of the share of the work that is done, and of rows and events so far; `on_notes` of how the
    file is read. Progress and rejects lie in `<home>/replays`. Raises MappingError, UnreadableFile, and what
    TicketProducer raises.
    """
    mapping, mapping_sum = load_mapping(request.mapping)
    with RowFile.open(request.file, reading_options(request.reading, mapping)) as rows:
        on_notes(rows.facts.notes)
        check_names(mapping, rows, where=request.where, by_time=request.by_time)
        # The broker is asked before a long file is summed: who waits should hear early that it is not there.
        topic = topic_identities(settings)[Topic.TICKETS_EVENTS]
        replay = _replay(request, rows, mapping)
        key = ReplayKey(
            file_sum=replay.file_sum,
            mapping_sum=mapping_sum,
            topic_id=topic.id,
            selection=replay.selection(),
        )
        folder = settings.home / "replays"
        progress_file = ProgressFile(folder, key)
        if request.from_start:
            progress_file.forget()
        rejects = request.rejects or folder / f"{request.file.name}.{key.name}.rejects.jsonl"
        with TicketProducer(settings) as producer:
            return replay.run(producer, request.pace, progress_file, rejects, on_progress=on_progress)


def _replay(request: ReplayRequest, rows: RowFile, mapping: Mapping) -> Replay:
    return Replay(
        rows=rows,
        mapping=mapping,
        file_sum=file_sum(request.file),
        where=request.where,
        limit=request.limit,
        by_time=request.by_time,
        zone=request.zone,
    )


def reading_options(said: ReadingOptions, mapping: Mapping) -> ReadingOptions:
    """Return how to read a file: what was said for this one, else what the mapping says of all of them."""
    known = mapping.file.model_dump(exclude_none=True)
    return dataclasses.replace(
        said, **{name: value for name, value in known.items() if getattr(said, name) is None}
    )
