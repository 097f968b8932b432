"""How long a spike is felt."""

from math import inf

from tests.bench.spike_recovery import Wait, recovery_s


def test_the_last_late_decision_ends_the_spike() -> None:
    """A ticket scheduled 5 s after the end that waited for 3 s was decided 8 s after it."""
    waits = [Wait(70, 12), Wait(85, 3), Wait(86, 0.9), Wait(95, 0.1)]

    assert recovery_s(waits, 80, 1.0) == 8.0


def test_a_later_stall_counts() -> None:
    """The delay is back only when no decision after it is late: a relapse belongs to the spike."""
    assert recovery_s([Wait(82, 0.2), Wait(100, 1.0), Wait(110, 0.2)], 80, 1.0) == 21.0


def test_a_spike_that_is_not_felt_at_its_end_needs_no_recovery() -> None:
    """Late decisions inside of the spike that are made up before its end cost nothing afterwards."""
    assert recovery_s([Wait(60, 5), Wait(79, 0.5)], 80, 1.0) == 0.0


def test_a_ticket_without_a_decision_is_never_made_up() -> None:
    """Whoever waits for ever keeps the delay above the limit for ever."""
    assert recovery_s([Wait(60, inf), Wait(90, 0.1)], 80, 1.0) == inf
