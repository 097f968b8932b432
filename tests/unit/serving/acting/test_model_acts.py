"""What becomes of an act on the models: once, after what its person saw, to its end whoever leaves."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serving.acting.model_acts import ModelAct, ModelActed, ModelChange, ModelDesk, NoModelChanges
from serving.acting.sessions import Session
from serving.foundation.errors import ActRefused, ModelsAway, OtherName
from serving.foundation.settings import ServingSettings
from tests.patience import PATIENCE_S
from tests.unit.serving.ticket_log import at
from understanding.manifest.pointer import CurrentModel
from understanding.manifest.releases import Announced, Release, read_releases


class Changes:
    """Makes changes in the folder as the command does; `fails` are what it raises instead, one for each time."""

    def __init__(self, models: Path) -> None:
        self.models, self.made = models, list[ModelChange]()
        self.fails: list[Exception] = []
        self.let_go = asyncio.Event()
        self.let_go.set()

    def release(self, version: str, by: str | None, act: str | None = None, *, told: bool = True) -> None:
        """Write a release, and that it was announced."""
        (self.models / "releases").mkdir(parents=True, exist_ok=True)
        number = len(read_releases(self.models)) + 1
        made = Release(
            number=number, decided_at=at(number), kind="promote", reason="it is better", accuracy=0.9,
            model=CurrentModel(version=version, uri=version, sha256="s"), taxonomy_version="1", by=by, act=act,
        )  # fmt: skip
        (self.models / "releases" / f"{number:08d}.json").write_bytes(msgspec.json.encode(made))
        if told:
            (self.models / "announced.json").write_bytes(msgspec.json.encode(Announced(made.id)))

    async def make(self, change: ModelChange) -> None:
        """Make a change."""
        self.made.append(change)
        await self.let_go.wait()
        if self.fails:
            raise self.fails.pop(0)
        self.release(change.version, change.by, change.act)


class Case:
    """A desk over a folder of models."""

    def __init__(self, home: Path, **settings: Any) -> None:
        made = ServingSettings(home=home, **settings)
        self.changes = Changes(made.models_folder)
        self.desk = ModelDesk(made, self.changes)

    async def take(self, by: str, *, number: int = 0, release: int = 0, **fields: Any) -> ModelActed:
        """Let somebody promote a model."""
        usual = {"id": f"page-{number:032x}", "act": "promote", "by": by, "version": "v2", "reason": "so"}
        act = msgspec.convert(usual | {"release": release} | fields, ModelAct)
        return await self.desk.take(act, Session(name=by, issued_at=at(0), nonce="n"))


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_an_act_counts_once_however_often_it_comes(case: Case) -> None:
    """A lost answer is asked for again: while it is being made, and later."""

    async def both() -> None:
        case.changes.let_go.clear()
        first = asyncio.create_task(case.take("ann"))
        second = asyncio.create_task(case.take("ann"))
        await asyncio.sleep(0)
        case.changes.let_go.set()
        assert await first == await second == ModelActed(release=1)
        assert await case.take("ann") == ModelActed(release=1)

    asyncio.run(both())
    (made,) = case.changes.made
    assert (made.version, made.by, made.after, made.act) == ("v2", "ann", 0, f"page-{0:032x}")


def test_changes_are_made_one_after_another(case: Case) -> None:
    """Thirty acts with thirty ids started thirty processes, each with a bundle in memory, before one had the lock."""

    async def many() -> None:
        case.changes.let_go.clear()
        asked = [asyncio.create_task(case.take("ann", number=number)) for number in range(3)]
        async with asyncio.timeout(PATIENCE_S):
            while not case.changes.made:
                await asyncio.sleep(0)
        await asyncio.to_thread(read_releases, case.changes.models)  # the others have read by now
        await asyncio.to_thread(read_releases, case.changes.models)
        assert len(case.changes.made) == 1
        case.changes.let_go.set()
        assert [one.release for one in await asyncio.gather(*asked)] == [1, 2, 3]

    asyncio.run(many())
    assert [one.after for one in case.changes.made] == [0, 1, 2]


def test_an_act_goes_on_when_its_caller_leaves(case: Case) -> None:
    """Who closes the tab has said it all the same."""

    async def leave() -> None:
        case.changes.let_go.clear()
        asked = asyncio.create_task(case.take("ann"))
        while not case.changes.made:
            await asyncio.sleep(0)
        asked.cancel()
        case.changes.let_go.set()
        while not read_releases(case.changes.models):
            await asyncio.sleep(0)

    asyncio.run(leave())
    assert [one.by for one in read_releases(case.changes.models)] == ["ann"]


def test_the_later_of_two_hears_of_the_former_and_may_overrule(case: Case) -> None:
    case.changes.release("v1", "ann")
    found = asyncio.run(case.take("bo"))
    assert [(word.by, word.value) for word in found.meanwhile] == [("ann", "v1")]
    assert case.changes.made == []
    over = [word.event_id for word in found.meanwhile]
    assert asyncio.run(case.take("bo", over=over)).release == 2
    assert case.changes.made[0].after == 1


def test_what_the_gate_did_meanwhile_is_told_too(case: Case) -> None:
    """No person said so: then what did is named."""
    case.changes.release("v1", None)
    assert [word.by for word in asyncio.run(case.take("bo")).meanwhile] == ["promote"]


def test_own_changes_in_another_tab_are_no_news(case: Case) -> None:
    case.changes.release("v1", "ann")
    assert asyncio.run(case.take("ann")).meanwhile == []


def test_who_was_first_at_the_lock_is_named(case: Case) -> None:
    """The command refuses as another change came in the moment between; the page says whose."""

    async def race() -> ModelActed:
        case.changes.let_go.clear()
        asked = asyncio.create_task(case.take("bo"))
        while not case.changes.made:
            await asyncio.sleep(0)
        case.changes.release("v1", "ann")
        case.changes.fails.append(ActRefused("release 1 came after release 0"))
        case.changes.let_go.set()
        return await asked

    assert [word.by for word in asyncio.run(race()).meanwhile] == ["ann"]


def test_what_was_not_announced_is_finished(case: Case) -> None:
    """Kafka was away after the release was written: the same act asks the command again, which goes on."""
    case.changes.release("v2", "ann", f"page-{0:032x}", told=False)
    case.changes.fails.append(ModelsAway("no broker answers"))
    with pytest.raises(ModelsAway):
        asyncio.run(case.take("ann"))
    assert len(case.changes.made) == 1


def test_what_lacks_a_reason_or_a_name_is_refused(case: Case) -> None:
    with pytest.raises(ActRefused, match="say why"):
        asyncio.run(case.take("ann", reason="  "))
    act = msgspec.convert(
        {"id": f"page-{1:032x}", "act": "promote", "by": "ann", "version": "v", "release": 0}, ModelAct
    )
    with pytest.raises(OtherName):
        asyncio.run(case.desk.take(act, Session(name="bo", issued_at=at(0), nonce="n")))


def test_a_server_without_the_command_says_how_to_start_one_with_it(tmp_path: Path) -> None:
    case = Case(tmp_path)
    case.desk = ModelDesk(ServingSettings(home=tmp_path), NoModelChanges())
    with pytest.raises(ActRefused, match="`ticketyard serve`"):
        asyncio.run(case.take("ann"))
