"""One call from a path to published events: opens what a replay needs, and keeps its progress in the home."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from schemas.records.topics import Topic
from ticketyard.connection import topic_identities
from ticketyard.producer import TicketProducer
from ticketyard.replaying.mapping import load_mapping
from ticketyard.replaying.pacing import AsFastAsPossible, Pace
from ticketyard.replaying.progress import ProgressFile, ReplayKey, file_sum
from ticketyard.replaying.replay import Replay, ReplaySummary
from ticketyard.replaying.rows import Format, RowFile
from ticketyard.settings import ProducingSettings


class ReplayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to replay, and how; see `ticketyard replay --help`."""

    file: Path
    mapping: Path
    pace: Pace = msgspec.field(default_factory=AsFastAsPossible)
    by_time: bool = False
    form: Format | None = None
    where: dict[str, str] = {}
    limit: int | None = None
    rejects: Path | None = None
    from_start: bool = False


def replay_file(
    settings: ProducingSettings,
    request: ReplayRequest,
    *,
    on_progress: Callable[[float, int, int], None] = lambda _share, _rows, _events: None,
) -> ReplaySummary:
    """Publish a file's rows from where an earlier run stopped, and return the sums.

    `on_progress` hears of the share of the file that was read, and of rows and events so far. Progress and rejects
    lie in `<home>/replays`. Raises MappingError, UnreadableFile, and what TicketProducer raises.
    """
    mapping, mapping_sum = load_mapping(request.mapping)
    with RowFile.open(request.file, request.form) as rows:
        replay = Replay(
            rows=rows,
            mapping=mapping,
            file_sum=file_sum(request.file),
            where=request.where,
            limit=request.limit,
            by_time=request.by_time,
        )
        replay.check()
        topic = topic_identities(settings)[Topic.TICKETS_EVENTS]
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
            return replay.run(
                producer,
                request.pace,
                progress_file,
                rejects,
                on_row=lambda count, events: on_progress(rows.done, count, events),
            )
