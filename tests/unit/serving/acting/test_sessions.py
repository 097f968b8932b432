"""Sessions: who has one, what ends it, what another site cannot do."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from serving.acting.desk import kept_secret, require_key
from serving.acting.sessions import Session, Sessions
from serving.foundation.errors import (
    KeyTakenAway,
    NameRefused,
    SignInNeeded,
    SignInOff,
    TokenMissing,
    WrongKey,
)
from serving.foundation.settings import ServingSettings

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = b"s" * 32


def sessions(key: str = "", secret: bytes = SECRET) -> Sessions:
    return Sessions(secret, key, length=timedelta(hours=12))


def begun(given: Sessions, name: str = "Ann Ωmega", key: str = "") -> Session:
    return given.begin(name, key, "n1", NOW)


def test_a_session_is_read_as_it_was_written() -> None:
    """Also by a process that started later with the same secret."""
    session = begun(sessions())
    assert sessions().read(sessions().written(session), NOW + timedelta(hours=11)) == session


def test_a_home_has_one_name_whoever_serves_it() -> None:
    """What a browser keeps for one home must not be sent to another at the same address, nor be lost by a new key."""
    assert sessions(key="new").home == sessions().home
    assert sessions(secret=b"t" * 32).home != sessions().home


@pytest.mark.parametrize("cookie", [None, "", "x", "a.b.c.d.e", "....", "é.1.n.m.s"])
def test_what_is_no_session_is_none(cookie: str | None) -> None:
    with pytest.raises(SignInNeeded, match="sign in first"):
        sessions().read(cookie, NOW)


def test_nobody_can_put_another_name_into_a_cookie() -> None:
    """The signature covers the name."""
    mine, theirs = (sessions().written(begun(sessions(), name)).split(".") for name in ("ann", "bob"))
    with pytest.raises(SignInNeeded):
        sessions().read(".".join([theirs[0], *mine[1:]]), NOW)


def test_a_session_ends_by_itself() -> None:
    cookie = sessions().written(begun(sessions()))
    with pytest.raises(SignInNeeded, match="more than 12 hours ago"):
        sessions().read(cookie, NOW + timedelta(hours=12))


def test_a_session_whose_key_was_taken_away_says_so() -> None:
    """The page can then ask for the present key, and keep what was typed."""
    cookie = sessions("old").written(begun(sessions("old"), key="old"))
    assert sessions("old").read(cookie, NOW).name == "Ann Ωmega"
    for key in ("new", ""):
        with pytest.raises(KeyTakenAway, match="no longer holds"):
            sessions(key).read(cookie, NOW)


def test_only_the_key_lets_somebody_in_where_there_is_one() -> None:
    for wrong in ("", "secre", "secret ", "sécret"):
        with pytest.raises(WrongKey):
            begun(sessions("secret"), key=wrong)
    assert begun(sessions("secret"), key="secret").name


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "a\u202eb", "a\u2066b"])
def test_a_name_can_be_read_by_others(name: str) -> None:
    """It stands in the log and on other people's pages; characters that turn the line around may not."""
    with pytest.raises(NameRefused):
        begun(sessions(), name)


def test_spaces_around_a_name_are_no_part_of_it() -> None:
    assert begun(sessions(), "  Ann \n Lee ").name == "Ann Lee"


def test_a_token_is_of_one_session() -> None:
    """What another session was given opens nothing."""
    first = begun(sessions())
    second = sessions().begin("ann", "", "n2", NOW)
    sessions().require_token(first, sessions().token(first))
    for other in ("", sessions().token(second), "é"):
        with pytest.raises(TokenMissing):
            sessions().require_token(first, other)


def test_strangers_need_a_key() -> None:
    """On another address than loopback nobody may write without one."""
    require_key(ServingSettings())
    require_key(ServingSettings(http_host="0.0.0.0", intake_key=SecretStr("k")))
    with pytest.raises(SignInOff, match="TICKETYARD_INTAKE_KEY"):
        require_key(ServingSettings(http_host="0.0.0.0"))


def test_the_secret_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    """Sessions outlive the process; a file that a dying process left half written is made anew."""
    file = tmp_path / "run" / "secret"
    first = kept_secret(file)
    assert (kept_secret(file), file.stat().st_mode & 0o777) == (first, 0o600)
    file.write_bytes(b"half")
    assert len(kept_secret(file)) == len(first)
    assert kept_secret(file) not in (b"half", first)


def test_two_processes_that_start_together_have_one_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second looked while the first wrote: it took the file for half written, and each had a secret of its own."""
    file, others, make = tmp_path / "secret", list[bytes](), secrets.token_bytes

    def while_another_starts(count: int) -> bytes:
        if not others:
            others.append(b"")
            others[0] = kept_secret(file)
        return make(count)

    monkeypatch.setattr(secrets, "token_bytes", while_another_starts)
    assert kept_secret(file) == others[0] == file.read_bytes()
    assert [one.name for one in tmp_path.iterdir()] == ["secret"]
