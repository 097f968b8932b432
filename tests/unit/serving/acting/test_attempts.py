"""How often a wrong key may be tried."""

from datetime import UTC, datetime, timedelta

import pytest

from serving.acting.attempts import OF_ALL, OF_ONE, WINDOW, Attempts, place_of
from serving.foundation.errors import TooManyKeys

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def tried(attempts: Attempts, address: str, now: datetime) -> bool:
    """Try a wrong key; tell whether it was let through."""
    try:
        attempts.require_room(address, now)
    except TooManyKeys:
        return False
    attempts.note(address, now)
    return True


def test_whoever_guesses_waits_and_others_do_not() -> None:
    attempts = Attempts()
    times = [NOW + timedelta(seconds=number) for number in range(OF_ONE)]
    assert [tried(attempts, "10.0.0.1", now) for now in times] == [True] * OF_ONE
    with pytest.raises(TooManyKeys, match="5 wrong keys came from your address within a minute") as told:
        attempts.require_room("10.0.0.1", NOW + timedelta(seconds=5))
    assert (told.value.status, told.value.retry_after_s) == (429, 55)
    attempts.require_room("10.0.0.2", NOW + timedelta(seconds=5))


def test_as_many_as_were_let_through_in_any_minute() -> None:
    """Somebody who tries once a second for an hour gets no further than five a minute."""
    attempts = Attempts()
    seconds = [n for n in range(3600) if tried(attempts, "10.0.0.1", NOW + timedelta(seconds=n))]
    assert len(seconds) == 60 * OF_ONE
    assert all(later - first >= 60 for first, later in zip(seconds, seconds[OF_ONE:], strict=False))


def test_guesses_from_many_addresses_are_slowed_down_too() -> None:
    attempts = Attempts()
    assert sum(tried(attempts, f"10.0.{n // 256}.{n % 256}", NOW) for n in range(5_000)) == OF_ALL
    assert tried(attempts, "10.9.9.9", NOW + WINDOW)


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    attempts = Attempts()
    for _ in range(OF_ONE):
        attempts.note("10.0.0.1", NOW + timedelta(days=1))
    attempts.require_room("10.0.0.1", NOW)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("testclient", "testclient", True),
        ("", "10.0.0.1", False),
    ],
)
def test_addresses_of_one_network_count_as_one(one: str, other: str, same: bool) -> None:
    assert (place_of(one) == place_of(other)) is same
