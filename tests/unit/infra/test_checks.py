"""The judgements of `ticketyard doctor`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import start_http_server

from infra.checks import services
from infra.checks.check import CheckStatus
from infra.checks.machine import GIB, drifted, room_check
from infra.checks.services import intake_check, webhooks_check
from infra.foundation.endpoints import Endpoints
from infra.foundation.settings import InfraSettings
from streams.webhooks.metrics import WebhookMetrics


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


def test_a_door_that_would_be_open_to_all_is_told_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up` would start it and it would stay down; doctor says which setting is missing."""
    monkeypatch.setenv("TICKETYARD_INTAKE_HOST", "0.0.0.0")
    (check,) = intake_check(InfraSettings(home=tmp_path, intake=True))
    assert (check.verdict, "TICKETYARD_INTAKE_KEY" in check.detail) == (CheckStatus.FAIL, True)
    monkeypatch.setenv("TICKETYARD_INTAKE_KEY", "s3cret")
    assert list(intake_check(InfraSettings(home=tmp_path, intake=True))) == []


@pytest.mark.parametrize(("ready", "verdict"), [(True, CheckStatus.OK), (False, CheckStatus.FAIL)])
def test_a_running_door_is_asked_whether_it_is_ready(
    ready: bool, verdict: CheckStatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that answers and cannot send is no door."""
    running = Endpoints(bootstrap_servers="b", intake_url="http://127.0.0.1:1")
    monkeypatch.setattr(services, "read_endpoints", lambda _home: running)
    monkeypatch.setattr(services, "responds", lambda url, *, good: ready and good and url.endswith("/ready"))
    (check,) = intake_check(InfraSettings(home=tmp_path))
    assert (check.verdict, "http://127.0.0.1:1" in check.detail) == (verdict, True)


def test_an_address_that_is_left_alone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is the real one: a metric of another name would make every address look well."""
    metrics = WebhookMetrics(["pagers", "chat"], now=lambda: datetime.now(UTC))
    metrics.circuit_is("pagers", is_open=True)
    server, thread = start_http_server(0, addr="127.0.0.1", registry=metrics.registry)
    url = f"http://127.0.0.1:{server.server_port}/metrics"
    running = Endpoints(bootstrap_servers="b", metrics_urls={"webhooks": url})
    monkeypatch.setattr(services, "read_endpoints", lambda _home: running)
    (check,) = webhooks_check(InfraSettings(home=tmp_path))
    assert check.verdict is CheckStatus.WARN
    assert "pagers" in check.detail
    assert "chat" not in check.detail
    metrics.circuit_is("pagers", is_open=False)
    (check,) = webhooks_check(InfraSettings(home=tmp_path))
    assert check.verdict is CheckStatus.OK
    server.shutdown()
    server.server_close()
    thread.join()
    (check,) = webhooks_check(InfraSettings(home=tmp_path))
    assert check.verdict is CheckStatus.FAIL
