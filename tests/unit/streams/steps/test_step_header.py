"""Which states of before this code goes on with: it never touches what it would lose or misplace."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from streams.foundation.errors import StateUnreadable, TopicMismatch
from streams.steps.step_header import STATE_FORMAT, StepHeader, read_header, readable

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def header(**more: Any) -> bytes:
    return msgspec.json.encode(StepHeader(step=3, offsets={}, topic_ids={}, chunks=0, now=NOW, **more))


def test_its_own_state_and_that_of_older_code_are_read() -> None:
    """A header of before says neither format nor partitions."""
    assert read_header(header(partitions=4, format=STATE_FORMAT), "cases.state[0]", 4).step == 3
    assert read_header(header(), "cases.state[0]", 4).step == 3


def test_a_state_of_newer_code_is_left_alone() -> None:
    """Older code read it, dropped the fields that it did not know, and wrote the rest: they were silently lost."""
    told = rf"format {STATE_FORMAT + 1}; this code knows {STATE_FORMAT} .*install the newer version again"
    with pytest.raises(StateUnreadable, match=told):
        read_header(header(format=STATE_FORMAT + 1), "cases.state[0]", 4)
    with (
        pytest.raises(StateUnreadable, match="the header of cases") as raised,
        readable("the header of cases"),
    ):
        msgspec.json.decode(b"{}", type=StepHeader)
    assert "reset cases --from-scratch --yes`, the same with routing, roster and customers" in str(
        raised.value
    )


def test_topics_that_were_given_more_partitions_are_refused() -> None:
    """All were grown together, so all counts were equal, and tickets began anew in partitions without their state."""
    with pytest.raises(TopicMismatch, match=r"has 8 partitions, and had 4 .*another TICKETYARD_TOPIC_PREFIX"):
        read_header(header(partitions=4), "cases.state[0]", 8)
