"""What a run has to tell the others."""

from datetime import UTC, datetime

import pytest

from batch.history.commits import Archive, ArchivedTopic
from batch.views.announcements import is_news, views_announcement
from batch.views.refresh import code_version
from batch.views.runs import CompleteRun, boundary_of, run_id_at
from schemas.records.derived import ViewsPublished
from schemas.views.manifest import Manifest

AT = datetime(2026, 3, 2, 8, 0, 0, 7_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "measured", "resolved", "expected"),
    [
        (None, 0.5, 3, True),  # never published
        (None, 0.5, 0, False),  # measured on nothing
        (0.5, 0.505, 9, False),  # too small a change to decide anything
        (0.5, 0.52, 9, True),
        (0.5, 0.48, 9, True),
    ],
)
def test_performance_is_published_if_it_changes_something(
    published: float | None, measured: float, resolved: int, expected: bool
) -> None:
    """A performance is news if it is new or has moved, so that runs do not feed each other for ever."""
    assert expected == is_news(published, {"performance": measured, "resolved": resolved})


def test_views_announcement_is_the_same_each_time() -> None:
    """A run that died before it was acknowledged publishes the same event again."""
    manifest = Manifest(run_id="r1", created_at=AT, history_commit=1, boundary={}, views={}, code_version="1")
    run = CompleteRun(manifest=manifest, sha256="sum")
    first, second = (views_announcement("/views", run, "p.") for _ in range(2))
    assert first == second
    assert (first.topic, first.time) == ("p.views.published", AT)
    assert first.event == ViewsPublished(run_id="r1", uri="/views/r1/manifest.json", sha256="sum")


def test_run_ids_sort_by_time() -> None:
    """Run ids name moment and commit, and sort as they were made."""
    assert run_id_at(AT, 12) == "20260302T080000007Z-00000012"
    assert run_id_at(AT, 99) < run_id_at(AT.replace(second=1), 1)


def test_boundary_is_of_the_asked_topics() -> None:
    """The boundary has, for each topic that is served, its id and its first offset that is not in the views."""
    topic = ArchivedTopic(topic_id="id", next_offsets={1: 4, 0: 2}, files=())
    archive = Archive(number=1, topics={"log": topic, "other": topic})
    boundary = boundary_of(archive, ("log", "absent"))
    assert list(boundary) == ["log"]
    assert boundary["log"].offsets == {"0": 2, "1": 4}


def test_code_version_is_stable() -> None:
    """Equal code has an equal version, whatever the process."""
    assert code_version() == code_version()
    assert "+" in code_version()
