"""`ticketyard produce` publishes the lines that are events, and names those that are none."""

import pytest

from infra.cli.tickets.produce import Rejected, messages_in

GOOD = b'{"type": "TicketClosed", "id": "%d", "data": {"ticket_id": "T1"}}'


def test_a_bad_line_keeps_no_good_one_behind_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The first mistake in a file left all lines behind it unpublished."""
    lines = [
        GOOD % 1,
        b"{",
        b"",
        b'{"type": "TicketEaten", "data": {}}',
        b'{"type": "TicketClosed", "time": "2026-03-02T08:00:00", "data": {"ticket_id": "T1"}}',
        GOOD % 2,
    ]
    rejected = Rejected()
    assert [message.id for message in messages_in(lines, rejected)] == ["1", "2"]
    assert rejected.lines == [2, 4, 5]
    said = capsys.readouterr().err
    assert "line 4: 'TicketEaten' is not an event type" in said
    assert "line 5: TicketClosed: time must be a datetime with its offset" in said


@pytest.mark.parametrize("levels", [3_000, 100_000])
def test_a_line_that_is_nested_too_deep_is_named(levels: int, capsys: pytest.CaptureFixture[str]) -> None:
    """It was a RecursionError, and all lines behind it stayed unpublished."""
    deep = b'{"type": "TicketClosed", "data": {"ticket_id": ' + b"[" * levels + b"]" * levels + b"}}"
    rejected = Rejected()
    assert [message.id for message in messages_in([deep, GOOD % 2], rejected)] == ["2"]
    assert rejected.lines == [1]
    assert "line 1: not a CloudEvent" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["id", "source"])
def test_a_name_of_no_text_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty id was replaced by a random one, so the same line sent twice counted twice."""
    line = b'{"type": "TicketClosed", "%s": "", "data": {"ticket_id": "T1"}}' % name.encode()
    rejected = Rejected()
    assert list(messages_in([line], rejected)) == []
    assert f"line 1: TicketClosed: {name} must be a text of 1 to" in capsys.readouterr().err
