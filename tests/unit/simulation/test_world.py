"""The file of a world: the packaged one is good, and a bad one is refused with line and reason."""

from importlib import resources
from pathlib import Path

import pytest

from simulation.world.world import WorldError, read_world

_PACKAGED = resources.files("simulation.world").joinpath("world.yaml").read_text(encoding="utf-8")


def test_the_packaged_world_can_be_read() -> None:
    """Every team has a category, every share adds up."""
    world = read_world(None)
    assert {part.team for part in world.categories.values()} == set(world.teams)


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("phone: 0.15,", "phone: 0.25,", "the shares of channels add up to 1.1"),
        (
            "team: general,",
            "team: nobody,",
            "category general_inquiry goes to team nobody, which has no agents",
        ),
        ("weeks: 1 ", "weeks: -1 ", r"line \d+: weeks: .*\(it is -1\)"),
        ("[14, 22, 0.15]", "[22, 14, 0.15]", "the shift from 22 to 14 takes no tickets"),
        ("general: 4}", "general: 0}", r"line \d+: teams > general: .*\(it is 0\)"),
        ("knows: 0.5", "knows: much", r"line \d+: agents > knows: .*\(it is 'much'\)"),
        ("weeks: 1 ", "weeks: 1\nweeks: 2 ", "the name 'weeks' is there already in line"),
    ],
)
def test_a_bad_world_is_refused_with_its_place(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    """Shares, teams, numbers, shifts without hours: the message names file, place and what to mend."""
    assert right in _PACKAGED
    path = tmp_path / "world.yaml"
    path.write_text(_PACKAGED.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(WorldError, match=told) as refused:
        read_world(path)
    assert str(path) in str(refused.value)


def test_a_world_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message names the path."""
    with pytest.raises(WorldError, match=r"nowhere\.yaml"):
        read_world(tmp_path / "nowhere.yaml")
