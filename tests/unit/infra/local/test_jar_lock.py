"""The lock of the Java archives."""

import xml.etree.ElementTree as ET
from pathlib import Path

from infra.local.jars import (
    IVY_FILE,
    LOCK_FILE,
    PURPOSES,
    ivy_command,
    locked_sums,
)


def _sums() -> dict[str, str]:
    return locked_sums(LOCK_FILE.read_text(encoding="utf-8"))


def test_every_archive_has_a_sha256_and_a_purpose() -> None:
    """A line is a full sum and a path below one of the known purposes."""
    sums = _sums()
    assert {path.split("/")[0] for path in sums} == set(PURPOSES)
    assert all(len(digest) == 64 and path.endswith(".jar") for path, digest in sums.items())


def test_what_ivy_is_asked_for_is_locked() -> None:
    """Each dependency of the Ivy file is in the lock under its purpose, in the same version."""
    for wanted in ET.parse(IVY_FILE).iter("dependency"):
        purpose = wanted.attrib["conf"].partition("->")[0]
        assert f"{purpose}/{wanted.attrib['name']}-{wanted.attrib['rev']}.jar" in _sums()


def test_ivy_is_given_the_users_mirror_only_if_there_is_one() -> None:
    """Without a settings file of the user's, Ivy's own defaults hold."""
    plain = ivy_command("java", Path("ivy.jar"), Path("to"), None)
    assert "-settings" not in plain
    mirrored = ivy_command("java", Path("ivy.jar"), Path("to"), "mirror.xml")
    assert mirrored[mirrored.index("-settings") + 1] == "mirror.xml"


def test_no_address_is_written_down() -> None:
    """The project names no registry: where archives come from is the machine's business."""
    for file in (IVY_FILE, LOCK_FILE):
        assert "://" not in file.read_text(encoding="utf-8")
