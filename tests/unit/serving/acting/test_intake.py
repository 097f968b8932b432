"""The way to the door for events: what is sent, and what becomes of each answer."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from serving.acting.acts import Event
from serving.acting.intake import Intake, Place
from serving.foundation.errors import ActRefused, IntakeAway, IntakeBusy, IntakeKeyRefused

ONE = Event(id="e1", type="TicketResolved", data={"ticket_id": "T"})
TWO = Event(id="e2", type="TicketClosed", data={"ticket_id": "T"})
Answering = Callable[[httpx.Request], httpx.Response]


def send(
    answering: Answering,
    *events: Event,
    url: str = "http://door",
    file: Path = Path("none"),
    key: str = "k",
) -> list[Place]:
    async def sending() -> list[Place]:
        intake = Intake(url, file, key, httpx.MockTransport(answering))
        try:
            return await intake.send(events or (ONE,))
        finally:
            await intake.close()

    return asyncio.run(sending())


def error(status: int, message: str = "why", **headers: str) -> Answering:
    body = {"ok": False, "error": {"type": "T", "message": message, "status": status}}
    return lambda _: httpx.Response(status, json=body, headers=headers)


def test_one_event_is_a_cloud_event_with_the_key() -> None:
    def answering(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer k"
        assert request.headers["content-type"] == "application/cloudevents+json"
        assert json.loads(request.content) == {
            "specversion": "1.0",
            "source": "ticketyard/pages",
            "id": "e1",
            "type": "TicketResolved",
            "data": {"ticket_id": "T"},
        }
        return httpx.Response(202, json={"partition": 1, "offset": 2})

    assert send(answering) == [Place(1, 2)]


def test_several_go_together_or_not_at_all() -> None:
    def answering(request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"] == "application/cloudevents-batch+json"
        assert [one["id"] for one in json.loads(request.content)] == ["e1", "e2"]
        return httpx.Response(202, json={"events": [{"partition": 0, "offset": n} for n in (5, 6)]})

    assert send(answering, ONE, TWO) == [Place(0, 5), Place(0, 6)]


def test_the_door_of_this_home_is_found_by_its_file(tmp_path: Path) -> None:
    """It may have started again on another port."""
    file = tmp_path / "intake.json"
    file.write_text('{"url": "http://127.0.0.1:9", "pid": 1}', encoding="utf-8")

    def answering(request: httpx.Request) -> httpx.Response:
        assert request.url.port == 9
        return httpx.Response(202, json={"partition": 0, "offset": 0})

    assert send(answering, url="", file=file)


def cut_off(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    ("answering", "kind", "said"),
    [
        (cut_off, IntakeAway, "does not answer"),
        (error(503), IntakeAway, "why; nothing is lost"),
        (error(429, **{"retry-after": "7"}), IntakeBusy, "why"),
        (error(401), IntakeKeyRefused, "TICKETYARD_INTAKE_KEY"),
        (error(400, "intent: too long"), ActRefused, "intent: too long"),
        (lambda _: httpx.Response(404, text="<html>"), ActRefused, "status 404"),
        (lambda _: httpx.Response(200, text="<html>"), IntakeAway, "is not the door for events"),
        (lambda _: httpx.Response(200, content=b"\xff"), IntakeAway, "is not the door for events"),
        (lambda _: httpx.Response(200, json=[1]), IntakeAway, "is not the door for events"),
        (lambda _: httpx.Response(200, json={"events": []}), IntakeAway, "is not the door for events"),
    ],
)
def test_what_the_door_says_is_said_on(answering: Answering, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        send(answering)


@pytest.mark.parametrize(
    ("told", "seconds"), [("7", 7), ("Wed, 21 Oct 2026 07:28:00 GMT", 1), ("-1", 1), ("9" * 5000, 1)]
)
def test_how_long_to_wait_is_said_on(told: str, seconds: int) -> None:
    """What stands between may say it as a date; then a second is as good as any."""
    with pytest.raises(IntakeBusy) as found:
        send(error(429, **{"retry-after": told}))
    assert found.value.retry_after_s == seconds


@pytest.mark.parametrize("url", ["http://[x", "http://door:port", "door", "http://"])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(IntakeAway, match="does not answer"):
        send(cut_off, url=url)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\udcff"])
def test_a_file_that_names_no_address_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "intake.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(IntakeAway, match="start it again"):
        send(cut_off, url="", file=file)


def test_a_key_may_have_any_letters() -> None:
    """The door compares bytes of UTF-8."""
    seen = list[bytes]()

    def answering(request: httpx.Request) -> httpx.Response:
        seen.extend(value for name, value in request.headers.raw if name.lower() == b"authorization")
        return httpx.Response(202, json={"partition": 0, "offset": 0})

    send(answering, key="schlüssel")
    assert seen == ["Bearer schlüssel".encode()]


def test_without_a_door_the_message_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(IntakeAway, match="ticketyard stream intake"):
        send(cut_off, url="", file=tmp_path / "intake.json")
