"""The page System names what fails and what to do, and says what it cannot know."""

import json
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from batch.foundation.lock import exclusive
from infra.checks.asking import ask_doctor
from infra.local.ports import free_ports
from infra.processes.child import ChildSpec
from infra.processes.part import PartSpec
from infra.processes.restart_policy import RestartPolicy
from infra.processes.supervisor import Supervisor
from infra.running import say_parts
from process.parts_report import PartsReport, write_parts
from serving.assembly.service import Serving
from serving.foundation.settings import ServingSettings
from serving.http.app import build_app
from serving.pages.system import parts as parts_module
from serving.pages.system.doctor import Finding
from serving.pages.system.parts import RUNNING, parse, quantile, seen, stages_of
from tests.integration.serving_client import client_of
from tests.unit.serving.memory_log import MemoryLog
from tests.unit.serving.waiting import wait_for
from understanding.bundle.registry import write_current
from understanding.manifest.pointer import CurrentModel

WORKER = """
import sys, time
from prometheus_client import start_http_server
from streams.foundation.metrics import StageMetrics
from streams.stages.triage.models.trial_metrics import TrialMetrics
metrics = StageMetrics("triage")
metrics.lag.set(7)
TrialMetrics(metrics.registry).show_loaded({"champion": "v2", "standby": "v1"})
metrics.step_seconds.observe(0.02)
start_http_server(int(sys.argv[1]), addr="127.0.0.1", registry=metrics.registry)
time.sleep(600)
"""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient[Litestar]]:
    """A client of a server that looks at its home anew each time."""
    monkeypatch.setattr(parts_module, "KEPT_S", 0.0)
    (tmp_path / "run").mkdir()
    serving = Serving(ServingSettings(home=tmp_path, tail_poll_ms=5), connect=MemoryLog)
    with client_of(serving) as client:
        yield client


def test_a_worker_that_was_killed_is_named_with_what_to_do(
    client: TestClient[Litestar], tmp_path: Path
) -> None:
    """A real process under the real supervisor, killed as by the kernel."""
    port = next(free_ports(Random(), but=[]))
    url = f"http://127.0.0.1:{port}/metrics"
    child = ChildSpec(
        name="triage",
        command=[sys.executable, "-c", WORKER, str(port)],
        log_file=tmp_path / "logs" / "triage.log",
        run_folder=tmp_path / "run",
        environment={},
    )
    observe = partial(say_parts, tmp_path, tmp_path / "logs", {"triage": url})
    policy = RestartPolicy(first_delay_s=600.0, largest_delay_s=600.0)
    with Supervisor([PartSpec(child=child)], observe=observe, policy=policy) as supervisor:
        wait_for(lambda: 'id="stages"' in client.get("/system").text, "the worker tells its metrics")
        page = client.get("/system").text
        assert '<td class="num">7</td>' in page, "the lag of the stage"
        assert "<td>decides</td><td><bdi>v2</bdi></td>" in page, "the model that it has loaded"
        assert "not the current one" not in page, "none was published here"
        write_current(tmp_path / "models", CurrentModel(version="v3", uri="v3", sha256="s"))
        assert "not the current one, v3" in client.get("/system").text
        assert '<td class="num">0.025 s</td>' in page, "the time of its steps"
        supervisor.kill("triage")
        wait_for(lambda: "triage is waiting to restart" in client.get("/system").text, "it is named")
        page = client.get("/system").text
        assert "killed by signal 9" in page or "SIGKILL" in page
        assert str(child.log_file) in page
        assert "Nothing is wrong" not in page


def test_without_a_supervisor_the_page_says_what_it_does_not_know(client: TestClient[Litestar]) -> None:
    page = client.get("/system").text
    assert "Not known from here" in page
    assert "no supervisor reports on the parts of this home" in page
    assert "No batch run is served yet" in page
    assert "No event has come in the newest 15 minutes." in page


def test_a_damaged_report_and_a_silent_supervisor_are_told(
    client: TestClient[Litestar], tmp_path: Path
) -> None:
    (tmp_path / "run" / "parts.json").write_text("{", encoding="utf-8")
    assert "cannot be read" in client.get("/system").text
    write_parts(tmp_path, PartsReport(at=datetime.now(UTC) - timedelta(hours=1), parts=()))
    assert "last said 36" in client.get("/system").text


def test_batch_at_work_is_told_with_what_it_does(client: TestClient[Litestar], tmp_path: Path) -> None:
    with exclusive(tmp_path / "batch.lock", command="batch run", now=datetime.now(UTC)) as doing:
        doing("fold 3 of 12 partitions")
        page = client.get("/system").text
        assert "<code>batch run</code>" in page
        assert "fold 3 of 12 partitions" in page
    assert "no command" in client.get("/system").text
    dead = {"pid": 2**22 + 1, "host": socket.gethostname(), "command": "x", "since": "2026-01-01T00:00:00Z"}
    (tmp_path / "batch.lock").write_text(json.dumps(dead), encoding="utf-8")
    assert "no command" in client.get("/system").text


def test_a_worker_that_does_not_tell_is_unknown_and_not_guessed() -> None:
    found = seen(PartsReport(at=datetime.now(UTC), parts=()), {"triage": "refused"}, datetime.now(UTC))
    assert (found.stages, found.unknown) == ((), ("triage does not tell its metrics: refused",))


def test_quantiles_are_bounds_of_buckets() -> None:
    buckets = [(0.1, 50.0), (1.0, 99.0), (float("inf"), 100.0)]
    assert [quantile(buckets, share) for share in (0.5, 0.99, 0.999)] == [0.1, 1.0, None]
    assert quantile([], 0.5) is None
    assert quantile([(0.1, 0.0), (float("inf"), 0.0)], 0.5) is None


def test_a_worker_of_another_version_has_no_stage() -> None:
    assert list(stages_of("x", parse("other_metric 1.0\n"))) == []
    assert RUNNING == "running"


def test_what_doctor_says_stands_on_the_page(tmp_path: Path) -> None:
    """Looked at on a thread of its own, once a minute at most, however many look; what fails is among the problems."""
    asked, go, now = list[int](), threading.Event(), [datetime.now(UTC)]

    def checks() -> list[Finding]:
        asked.append(1)
        assert go.wait(60)
        wrong = "Topic <x> has cleanup.policy compact and needs delete"
        return [
            Finding(name="memory", verdict="ok", detail="9 GiB available"),
            Finding(name="kafka", verdict="fail", detail=wrong, mend="Run `kafka-configs`."),
        ]

    serving = Serving(ServingSettings(home=tmp_path, tail_poll_ms=5), connect=MemoryLog, clock=lambda: now[0])
    serving.start()
    try:
        with TestClient(build_app(serving, checks=checks), base_url="http://127.0.0.1") as client:
            page = client.get("/system").text  # nobody waits for the doctor
            assert 'hx-get="/system/doctor?lang=en"' in page
            assert "Looking now" in client.get("/system/doctor").text
            go.set()
            wait_for(
                lambda: "9 GiB available" in client.get("/system/doctor").text, "the doctor has answered"
            )
            page = client.get("/system").text
            assert "hx-get" not in page
            sentence = (
                "kafka: Topic &lt;x&gt; has cleanup.policy compact and needs delete Run `kafka-configs`."
            )
            assert f'<li class="bad">{sentence}</li>' in page
            assert len(asked) == 1
            now[0] += timedelta(seconds=61)
            assert "9 GiB available" in client.get("/system/doctor?lang=de").text
            wait_for(lambda: len(asked) == 2, "it is looked again after a minute")
    finally:
        serving.stop()


def test_without_checks_the_page_says_how_to_ask(client: TestClient[Litestar]) -> None:
    assert "This server was started without its checks" in client.get("/system").text


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('no Kafka is named')", "it did not answer (no Kafka is named)"),
        ("print('{')", "it did not answer (Input data was truncated)"),
        ("pass", "it did not answer (it ended with 0)"),
    ],
)
def test_a_doctor_who_does_not_answer_is_a_finding(program: str, said: str) -> None:
    (found,) = ask_doctor([sys.executable, "-c", program])
    assert (found.verdict, found.detail) == ("fail", said)


def test_the_doctor_is_asked_for_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the command itself, in a process of its own: Java, packages and ports are for who sets up."""
    monkeypatch.setenv("TICKETYARD_HOME", str(tmp_path))
    names = [one.name for one in ask_doctor()]
    assert {"memory", "disk", "encoder", "kafka", "model"} <= set(names)
    assert not {"java", "packages", "python", "java archives"} & set(names)
