"""What follows from the history of releases: what is barred, what a rollback goes to, what has to wait."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from batch.releases.holds import PublishRules, reason_to_wait
from schemas.records.derived import ModelPublished, ModelTrial
from understanding.manifest.pointer import CurrentModel
from understanding.manifest.releases import Kind, Release, barred_versions, champion_before
from understanding.manifest.stored import summaries

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CANARY = ModelTrial(version="x", uri="x", sha256="s", share=0.1, salt="canary/x")


def history(*steps: tuple[Kind, str]) -> tuple[Release, ...]:
    """Return releases an hour apart, the last one now."""
    return tuple(
        Release(
            number=place + 1,
            decided_at=NOW - timedelta(hours=len(steps) - 1 - place),
            kind=kind,
            reason="it said so",
            model=CurrentModel(version=version, uri=version, sha256="s"),
            accuracy=0.9,
            taxonomy_version="1",
        )
        for place, (kind, version) in enumerate(steps)
    )


def waits(
    releases: tuple[Release, ...], version: str, *, usable: bool = True, hours: float = 0.0, auto: bool = True
) -> str | None:
    rules = PublishRules(by_itself=auto, rollback_hold_h=24)
    now = NOW + timedelta(hours=hours)
    return reason_to_wait(releases, version, rules, now=now, replaces_usable=usable)


def test_event_says_the_whole_picture() -> None:
    """Workers learn champion, trials and reason from one event."""
    (release,) = history(("promote", "a"))
    assert release.event() == ModelPublished(
        version="a", uri="a", sha256="s", accuracy=0.9, taxonomy_version="1", reason="promote: it said so"
    )


def test_rolling_back_again_goes_further_back() -> None:
    """What was rolled back is not gone back to; without anything earlier there is nothing."""
    releases = history(("gate", "a"), ("gate", "b"), ("gate", "c"))
    assert _before(releases) == "b"
    releases = (*releases, *history(("rollback", "b")))
    assert _before(releases) == "a"
    releases = (*releases, *history(("rollback", "a")))
    assert _before(releases) is None


def _before(releases: tuple[Release, ...]) -> str | None:
    found = champion_before(releases)
    return found.model.version if found else None


def test_a_rolled_back_version_is_barred_until_a_person_promotes_it() -> None:
    """The gate must not bring it back; a person may, and so may a rollback to it."""
    releases = history(("gate", "a"), ("gate", "b"), ("rollback", "a"))
    assert set(barred_versions(releases)) == {"b"}
    assert "it was rolled back at 2026-03-02 08:00 UTC (it said so)" in str(waits(releases, "b", hours=1000))
    assert "it was rolled back" in str(waits(releases, "b", usable=False))
    assert barred_versions((*releases, *history(("promote", "b")))) == {}


@given(
    st.lists(
        st.tuples(st.sampled_from(["gate", "promote", "rollback", "shadow"]), st.sampled_from("abc")),
        min_size=1,
    )
)
def test_the_current_model_is_never_barred_by_its_own_rollback(steps: list[tuple[Kind, str]]) -> None:
    """Whatever people did, what a person made current last is not barred, and no rollback goes to itself."""
    releases = history(*steps)
    if steps[-1][0] in ("promote", "rollback"):
        assert releases[-1].model.version not in barred_versions(releases)
    assert _before(releases) != releases[-1].model.version


def test_new_models_wait_for_a_while_after_a_rollback() -> None:
    """A sibling of what was rolled back does not come at the next hour; a person, time or need ends the hold."""
    releases = history(("gate", "a"), ("gate", "b"), ("rollback", "a"))
    assert "holds new models back until 2026-03-03 08:00 UTC" in str(waits(releases, "c"))
    assert waits(releases, "c", hours=24) is None
    assert waits(releases, "c", usable=False) is None
    assert waits((*releases, *history(("promote", "a"))), "c") is None


def test_nothing_is_published_under_a_canary() -> None:
    """A comparison that is under way keeps its two sides."""
    (release,) = history(("gate", "a"))
    trying = (replace(release, kind="canary", canary=CANARY),)
    assert waits(trying, "c") == "x is being tried as a canary against the current model"


@pytest.mark.parametrize("usable", [True, False])
def test_a_person_may_reserve_publishing(*, usable: bool) -> None:
    """With the setting off winners wait, but where nothing can decide the first that can is published."""
    found = waits(history(("gate", "a")), "c", usable=usable, auto=False)
    assert found == ("TICKETYARD_AUTO_PROMOTE is off" if usable else None)


def test_nothing_stored_is_nothing_listed() -> None:
    """An empty folder is no error."""
    assert summaries([], ()) == []
