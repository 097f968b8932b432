"""Log lines as programs read them."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from process.logs import configure_logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """A log stream that is no terminal; the process's own logging is put back afterwards."""
    before = logging.getLogger().handlers[:]
    stream = io.StringIO()
    configure_logs("cases", stream=stream, level="INFO")
    yield stream
    logging.getLogger().handlers[:] = before
    structlog.reset_defaults()


def test_a_line_is_one_json_object_that_names_its_part(lines: io.StringIO) -> None:
    """Time is UTC, level and part are there, values keep their types."""
    structlog.get_logger("x").info("step.done", records=256)
    line = json.loads(lines.getvalue())
    assert (line["part"], line["level"], line["event"], line["records"]) == (
        "cases",
        "info",
        "step.done",
        256,
    )
    assert line["timestamp"].endswith("Z")


def test_libraries_log_in_the_same_way(lines: io.StringIO) -> None:
    """What a library says through logging, with a traceback, is one line too."""
    logging.getLogger("library").error("could not %s", "write", exc_info=OSError("disk full"))
    line = json.loads(lines.getvalue())
    assert line["event"] == "could not write"
    assert "disk full" in line["exception"]


def test_chatter_of_clients_is_left_out(lines: io.StringIO) -> None:
    """A client's reconnects are not worth a line; its warnings are."""
    logging.getLogger("kafka.net").info("connecting")
    logging.getLogger("kafka.net").warning("refused")
    assert [json.loads(line)["event"] for line in lines.getvalue().splitlines()] == ["refused"]
