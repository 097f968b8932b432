"""What is said when Spark's executors cannot do the work of a training."""

import pytest

from batch.foundation.errors import ExecutorFailed
from batch.training.shared_work.spark_executor import refuse_others, what_failed

REPORT = """
  An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "worker.py", line 1, in main
    process()
{cause}
"""


def test_a_missing_package_comes_with_what_to_install() -> None:
    """The one line of the report that matters, and where to install what."""
    said = what_failed(REPORT.format(cause="ModuleNotFoundError: No module named 'batch'"))
    assert said.startswith(
        "an executor says ModuleNotFoundError: No module named 'batch'. Install ticketyard[batch] "
    )
    assert "PYSPARK_PYTHON" in said


def test_another_error_is_its_last_line() -> None:
    """Also ours, which need no name of a class; without a traceback the first line there is."""
    assert what_failed(REPORT.format(cause="ValueError: no")) == "ValueError: no"
    assert (
        what_failed(REPORT.format(cause="batch.foundation.errors.ExecutorFailed: an executor has x"))
        == "an executor has x"
    )
    assert what_failed("\nJob aborted\nat y") == "Job aborted"
    assert what_failed("") == "no reason given"


def test_other_versions_are_named() -> None:
    """Every one that differs, with both versions; equal ones pass."""
    refuse_others({"numpy": "2"}, {"numpy": "2"})
    with pytest.raises(ExecutorFailed, match="numpy 1 instead of 2, scipy None instead of 3, so"):
        refuse_others({"numpy": "2", "scipy": "3"}, {"numpy": "1"})
