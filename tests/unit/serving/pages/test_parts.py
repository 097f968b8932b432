"""What workers answer is taken as it comes: damaged, cut off, or of another version."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from process.parts_report import PartReport, PartsReport, write_parts
from serving.pages.system.parts import Seen, Watch, parse, stages_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
LAG = b'ticketyard_lag_records{stage="triage"} 7.0\n'


@contextmanager
def worker(answer: bytes) -> Iterator[str]:
    """The address of a worker that gives one answer and closes the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/metrics"
        thread.join(10)


def looked(home: Path, answer: bytes) -> Seen:
    """What the page finds where the worker `triage` answers so."""
    (home / "run").mkdir()
    with worker(answer) as url:
        part = PartReport(
            name="triage", state="running", pid=1, restarts=0, last_exit="", log_file="x", metrics_url=url
        )
        write_parts(home, PartsReport(at=NOW, parts=(part,)))
        return asyncio.run(Watch(home, lambda: NOW).look())


@pytest.mark.parametrize(
    "answer", [HEAD % 1000 + LAG, b"no HTTP\r\n\r\n", b"", HEAD % 2 + b"\xff{"], ids=repr
)
def test_an_answer_that_is_cut_off_or_none_is_told(tmp_path: Path, answer: bytes) -> None:
    """A worker that was killed amid its answer made the page System fail, just when it was needed."""
    seen = looked(tmp_path, answer)
    assert seen.stages == ()
    assert seen.unknown[0].startswith("triage does not tell its metrics: http://127.0.0.1:")


def test_a_proxy_of_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where http_proxy was set, every worker of this machine looked dead."""
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (stage,) = looked(tmp_path, HEAD % len(LAG) + LAG).stages
    assert (stage.stage, stage.lag) == ("triage", 7.0)


def test_samples_without_the_name_of_a_stage_are_left_out() -> None:
    """The worker of another version made the page fail."""
    page = LAG.decode() + 'ticketyard_step_seconds_bucket{le="0.1"} 1.0\n'
    assert [stage.stage for stage in stages_of("x", parse(page))] == ["triage"]
    assert list(stages_of("x", parse("ticketyard_lag_records 7.0\n"))) == []
