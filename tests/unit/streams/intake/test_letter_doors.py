"""The doors of dead letters: whom they answer, and whom they keep out."""

import json
from typing import Any

import pytest
from litestar.testing import TestClient

from streams.intake.app import build_app
from streams.intake.openapi import document
from streams.intake.service import Intake
from tests.unit.streams.intake.doors_in_memory import MemorySender, client_of, settings

PLACE = "?partition=0&offset=0"
ASKED = json.dumps({"by": "Ann", "reason": "why"})


@pytest.mark.parametrize("door", ["check", "replay"])
@pytest.mark.parametrize(
    "kind", [{}, {"content-type": "text/plain"}, {"content-type": "application/cloudevents+json"}]
)
def test_a_page_of_another_site_sends_no_letter_back(door: str, kind: dict[str, str]) -> None:
    """Browsers send text/plain to any address without asking it; such a request was answered 202 on loopback."""
    with client_of(MemorySender()) as client:
        told = {"origin": "https://elsewhere.example", **kind}
        answer = client.post(f"/v1/dead-letters/L/{door}{PLACE}", content=ASKED, headers=told)
    assert (answer.status_code, answer.json()["error"]["type"]) == (415, "WrongMediaType")


def test_a_look_takes_room_like_anything_that_waits_for_kafka() -> None:
    """Each look reads from Kafka in turn with what is sent back, and any number of them was let in."""
    intake = Intake(settings(intake_requests=1), MemorySender())
    with TestClient(build_app(intake), base_url="http://127.0.0.1") as client, intake.room.enter(0):
        answer = client.get(f"/v1/dead-letters/L{PLACE}")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


@pytest.mark.parametrize(
    "place",
    [
        f"?partition={2**31}&offset=0",
        f"?partition=0&offset={2**63}",
        "?partition=-1&offset=0",
        "?partition=0&offset=-1",
    ],
)
def test_a_number_that_no_place_has_is_refused(place: str) -> None:
    """Kafka's client raised an OverflowError, answered as the door's own fault; a number below 0 was sent to Kafka."""
    with client_of(MemorySender()) as client:
        assert client.get(f"/v1/dead-letters/L{place}").status_code == 400


def test_the_document_tells_what_the_doors_of_letters_refuse() -> None:
    """It told nothing of bodies that are too large, too slow or no JSON, nor of a door that is full."""
    path = "/v1/dead-letters/{letter_id}"
    found: dict[str, Any] = {end: document()["paths"][path + end] for end in ("", "/check", "/replay")}
    assert set(found[""]["get"]["responses"]) == {"200", "400", "401", "404", "409", "429", "503"}
    for end in ("/check", "/replay"):
        assert {"408", "413", "415", "429"} <= set(found[end]["post"]["responses"])
