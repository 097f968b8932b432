"""Named timers: each fires once, in order, and what was cancelled leaves nothing behind."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.steps.timers import Timers

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 9))), max_size=30))
def test_timers_fire_once_in_order_of_their_last_setting(changes: list[tuple[str, int | None]]) -> None:
    """What is due is what a plain dictionary says, earliest first, by name where times are equal."""
    timers = Timers()
    model: dict[str, int] = {}
    for name, due in changes:
        if due is None:
            timers.cancel(name)
            model.pop(name, None)
        else:
            timers.set(name, at(due))
            model[name] = due
    fired = []
    while timers.is_due(at(5)):
        popped = timers.pop_due(at(5))
        assert popped is not None
        fired.append(popped)
    expected = [(at(due), name) for name, due in model.items() if due <= 5]
    assert sorted(expected) == fired
    assert timers.pop_due(at(5)) is None
    assert len(timers) == sum(due > 5 for due in model.values())


def test_what_no_longer_counts_is_tidied_up() -> None:
    """A ticket that is reopened and resolved again and again left an entry each time, until that was due in a month."""
    timers = Timers()
    for number in range(100):
        timers.set(f"stays-{number}", at(number))
    for again in range(10_000):
        timers.set("reopened", at(1000 + again))
        timers.cancel("reopened")
        assert timers.entries <= 2 * 101

    assert [timers.pop_due(at(99)) for _ in range(100)] == [(at(n), f"stays-{n}") for n in range(100)]
    assert timers.pop_due(at(99999)) is None


def test_the_timers_of_one_ticket_can_be_taken_alone() -> None:
    """They come earliest first and no longer with the others, also after one was set anew."""
    timers = Timers()
    for name, due in (("a", 1), ("close:t", 9), ("retire:t", 2), ("close:t", 3)):
        timers.set(name, at(due))
    own = ("close:t", "retire:t", "forget:t")

    taken = [timers.pop_due_of(own, at(5)) for _ in range(3)]
    assert taken == [(at(2), "retire:t"), (at(3), "close:t"), None]
    timers.set("close:t", at(6))
    assert timers.pop_due_of(own, at(5)) is None
    assert [timers.pop_due(at(9)) for _ in range(3)] == [(at(1), "a"), (at(6), "close:t"), None]
