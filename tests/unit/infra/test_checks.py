"""The judgements of `ticketyard doctor`."""

import pytest

from infra.checks import GIB, CheckStatus, drifted, room_check


@pytest.mark.parametrize(
    ("gib", "verdict"),
    [(0.5, CheckStatus.FAIL), (1.0, CheckStatus.WARN), (4.9, CheckStatus.WARN), (5.0, CheckStatus.OK)],
)
def test_room_is_judged_by_two_thresholds(gib: float, verdict: CheckStatus) -> None:
    """Below the least it fails, below the good it warns; both say how to mend it."""
    check = room_check("disk", gib * GIB, least_gib=1, good_gib=5, mend="Free some.")
    assert check.verdict is verdict
    assert bool(check.mend) is (verdict is not CheckStatus.OK)


def test_drift_names_package_and_both_versions() -> None:
    """Other versions and missing packages are drift; extras in brackets do not confuse it."""
    lock = "click==8.3.1 \\\n    --hash=sha256:aa\nuvicorn[standard]==1.0 \\\norjson==3.1 \\\n"
    installed = {"click": "8.3.1", "uvicorn": "0.9"}
    assert drifted(lock, installed.get) == ["uvicorn 0.9, lock 1.0", "orjson missing, lock 3.1"]
