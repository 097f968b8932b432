"""Files that appear whole or not at all, and the lock."""

import multiprocessing
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from pyspark.sql import SparkSession

from batch.foundation.errors import BatchBusy, CommitConflict, ViewsDamaged
from batch.foundation.lock import exclusive
from batch.foundation.storage import replace, write_new
from batch.history.commits import Archive
from batch.views.gaps import known_gaps
from batch.views.refresh import build_run, code_version
from batch.views.runs import (
    CompleteRun,
    complete_run_ids,
    is_current,
    make_current,
    newest_run,
    note_published,
    remove_incomplete,
    remove_old,
    run_id_at,
    write_manifest,
)
from schemas.views.leases import LEASE, RunLease, lease_file
from schemas.views.manifest import Manifest, ViewGap
from tests.patience import PATIENCE_S

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_of_two_writers_one_makes_the_file(tmp_path: Path) -> None:
    """A file that is there already is not replaced, and the second writer is told to run again."""
    write_new(tmp_path / "deep" / "1.json", b"first")
    with pytest.raises(CommitConflict, match="run the command again"):
        write_new(tmp_path / "deep" / "1.json", b"second")
    assert (tmp_path / "deep" / "1.json").read_bytes() == b"first"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["1.json"]


def test_replace_leaves_nothing_beside(tmp_path: Path) -> None:
    """A replaced file has the new content, and no partial file is left."""
    for content in (b"one", b"two"):
        replace(tmp_path / "CURRENT.json", content)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("CURRENT.json", b"two")]


def run_at(second: int) -> Manifest:
    return manifest_of(run_id_at(NOW.replace(second=second), 1))


def manifest_of(run_id: str) -> Manifest:
    return Manifest(run_id=run_id, created_at=NOW, history_commit=1, boundary={}, views={}, code_version="1")


def test_old_runs_are_deleted_but_not_what_is_served(tmp_path: Path) -> None:
    """As many runs stay as the setting says, and always the served one and the one before it."""
    ids = [write_manifest(tmp_path, run_at(second)).run_id for second in range(6)]
    assert remove_old(tmp_path, keep=2, served=ids[4], now=NOW) == [ids[0], ids[1], ids[2], ids[5]]
    assert complete_run_ids(tmp_path) == ids[3:5]
    assert remove_old(tmp_path, keep=1, served=ids[4], now=NOW) == []


def test_runs_that_a_server_reads_stay(tmp_path: Path) -> None:
    """A server that was slow to switch, or one of two, read files that batch had deleted; its lease ends by itself."""
    ids = [write_manifest(tmp_path, run_at(second)).run_id for second in range(5)]
    held = RunLease(server="one", run_ids=(ids[1],), expires_at=NOW + timedelta(minutes=1))
    ended = RunLease(server="two", run_ids=(ids[0],), expires_at=NOW)
    for lease in (held, ended):
        path = lease_file(tmp_path, lease.server)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(msgspec.json.encode(lease))
    assert remove_old(tmp_path, keep=1, served=ids[4], now=NOW) == [ids[0], ids[2]]
    remove_incomplete(tmp_path)
    assert lease_file(tmp_path, "one").is_file()
    assert remove_old(tmp_path, keep=1, served=ids[4], now=NOW + timedelta(minutes=2)) == [ids[1]]


def test_a_lease_that_is_none_holds_all_runs_for_a_while(tmp_path: Path) -> None:
    """A power cut left an empty lease, and every batch cycle failed by it until somebody deleted the file."""
    ids = [write_manifest(tmp_path, run_at(second)).run_id for second in range(4)]
    path = lease_file(tmp_path, "one")
    path.parent.mkdir()
    for torn in (path, path.with_suffix(".new")):
        torn.write_bytes(b"")
        os.utime(torn, (NOW.timestamp(), NOW.timestamp()))
    assert remove_old(tmp_path, keep=1, served=ids[3], now=NOW + LEASE - timedelta(seconds=1)) == []
    assert remove_old(tmp_path, keep=1, served=ids[3], now=NOW + LEASE) == ids[:2]
    assert path.exists()
    remove_old(tmp_path, keep=1, served=ids[3], now=NOW + 2 * LEASE)
    assert list(path.parent.iterdir()) == []


def test_runs_are_ordered_by_what_they_show(tmp_path: Path) -> None:
    """A clock that was set back made the run before the newest one, and deleted the one that was just made."""
    first, second = (
        write_manifest(tmp_path, manifest_of(run_id_at(NOW - timedelta(hours=hours), commit)))
        for hours, commit in ((0, 1), (5, 2))
    )
    assert newest_run(tmp_path, commit=2) == second
    assert complete_run_ids(tmp_path) == [first.run_id, second.run_id]
    assert remove_old(tmp_path, keep=1, served=second.run_id, now=NOW) == []


def _run_of(views: Path, commit: int, *, hour: int, gaps: tuple[ViewGap, ...] = ()) -> CompleteRun:
    manifest = manifest_of(run_id_at(NOW.replace(hour=hour), commit))
    whole = msgspec.structs.replace(manifest, history_commit=commit, code_version=code_version(), gaps=gaps)
    return write_manifest(views, whole)


def _no_spark() -> SparkSession:
    raise AssertionError("nothing changed, so no view is made")


def _refreshed(home: Path, commit: int) -> CompleteRun:
    return build_run(
        _no_spark,
        home / "history",
        Archive(number=commit, topics={}),
        home / "views",
        prefix="",
        now=NOW,
        progress=lambda _: None,
    )


def test_runs_beyond_a_restored_history_count_no_more(tmp_path: Path) -> None:
    """Views had run 50 and the history was restored at 30: each cycle made all views anew, until commit 51."""
    views, lost = (
        tmp_path / "views",
        ViewGap(kind="expired", topic="log", partition=0, first_offset=0, last_offset=4, records=5),
    )
    before = _run_of(views, 50, hour=10, gaps=(lost,))
    note_published(views, before, NOW)
    make_current(views, before)
    assert known_gaps(views, tmp_path / "history") == (lost,)

    restored = _run_of(views, 31, hour=11)
    make_current(views, restored)
    for commit in (31, 50, 60):
        assert _refreshed(tmp_path, commit) == restored
    assert known_gaps(views, tmp_path / "history") == ()
    assert remove_old(views, keep=4, served=restored.run_id, now=NOW) == [before.run_id]


def test_a_run_that_died_before_it_was_served_is_served(tmp_path: Path) -> None:
    """It is whole, so it is not made again."""
    views = tmp_path / "views"
    served, died = (_run_of(views, commit, hour=commit) for commit in (1, 2))
    make_current(views, served)

    assert _refreshed(tmp_path, 2) == died
    assert is_current(views, died)


def test_incomplete_runs_are_removed(tmp_path: Path) -> None:
    """A folder with a run's name and without a manifest is what a run that died has left; no other is touched."""
    run = write_manifest(tmp_path, run_at(1))
    (tmp_path / run_at(2).run_id / "tickets").mkdir(parents=True)
    (tmp_path / "history" / "commits").mkdir(parents=True)  # an archive beside the runs was wiped once
    remove_incomplete(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [run.run_id, "history"]
    assert newest_run(tmp_path, commit=1) == run


def test_damaged_manifest_is_named(tmp_path: Path) -> None:
    """A manifest that cannot be read stops with its path, and is not taken for a run that died."""
    run = write_manifest(tmp_path, run_at(1))
    path = tmp_path / run.run_id / "manifest.json"
    path.write_bytes(b"{")
    with pytest.raises(ViewsDamaged, match=f"{path} cannot be read"):
        newest_run(tmp_path, commit=1)


def _try_lock(path: Path, answers: "multiprocessing.Queue[str]") -> None:
    try:
        with exclusive(path, command="second", now=NOW):
            answers.put("held")
    except BatchBusy as error:
        answers.put(str(error))


def _in_another_process(path: Path) -> str:
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[str] = context.Queue()
    process = context.Process(target=_try_lock, args=(path, answers))
    process.start()
    answer = answers.get(timeout=PATIENCE_S)
    process.join()
    return answer


def test_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    """While one process holds the lock, another is told its command, process and start, and that waiting helps."""
    path = tmp_path / "home" / "batch.lock"
    with exclusive(path, command="batch run", now=NOW):
        answer = _in_another_process(path)
    assert "`batch run` (process" in answer
    assert "since 2026-03-02 08:00:00 UTC" in answer
    assert _in_another_process(path) == "held"
