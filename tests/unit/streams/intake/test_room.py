"""The bound on what waits at the door."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.intake.errors import TooBusy
from streams.intake.room import Room


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans())), st.integers(1, 5), st.integers(1, 100))
def test_neither_requests_nor_bytes_exceed_the_room(
    steps: list[tuple[int, bool]], requests: int, size: int
) -> None:
    """Under any order of coming and going; and whoever finds nobody inside is let in."""
    room, inside = Room(requests=requests, size=size), list[ExitStack]()
    for wanted, leaves in steps:
        if leaves and inside:
            inside.pop().close()
        stack = ExitStack()
        try:
            stack.enter_context(room.enter(wanted))
        except TooBusy:
            assert inside
        else:
            inside.append(stack)
        assert room.requests == len(inside) <= requests
        assert room.bytes <= size or room.requests == 1
        assert room.empty.is_set() == (not inside)
    for stack in inside:
        stack.close()
    assert (room.requests, room.bytes) == (0, 0)


def test_a_refusal_says_when_to_come_again() -> None:
    """As long as acknowledgements take lately: a client that comes sooner finds the same."""
    room = Room(requests=1, size=10)
    for _ in range(100):
        room.took(4.2)
    with room.enter(1), pytest.raises(TooBusy, match="same id") as caught, room.enter(1):
        pass
    assert caught.value.retry_after_s == 5
