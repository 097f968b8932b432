"""When a part that ended is started again."""

from hypothesis import given
from hypothesis import strategies as st

from infra.processes.restart_policy import RestartPolicy, describe_exit, is_permanent

POLICY = RestartPolicy(first_delay_s=0.25, largest_delay_s=30, stable_s=30)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_positive_and_bounded(failures: int, jitter: float) -> None:
    """However often a part fails, the wait is never nothing and never beyond the largest delay."""
    assert 0 < POLICY.delay_s(failures, jitter) <= 30


@given(st.integers(1, 10_000))
def test_delays_grow_until_the_largest(failures: int) -> None:
    """One more failure never means a shorter wait, jitter aside."""
    assert POLICY.delay_s(failures, 0) <= POLICY.delay_s(failures + 1, 0)


def test_a_stable_run_forgets_earlier_failures() -> None:
    """A part that ran long enough starts from the first delay again."""
    assert POLICY.failures_after(9, ran_s=31) == 1
    assert POLICY.failures_after(9, ran_s=29) == 10


def test_only_78_means_stay_down() -> None:
    """EX_CONFIG is permanent; success, failure and signals are not."""
    assert [code for code in (0, 1, 78, -9, -15) if is_permanent(code)] == [78]


def test_an_exit_is_said_in_words() -> None:
    """A negative code is a signal."""
    assert describe_exit(-9) == "killed by signal 9"
    assert describe_exit(3) == "ended with code 3"
