"""What the door takes, what it refuses, and that it refuses what the stream would."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.records.derived import Origin
from schemas.records.envelope import EventError, decode_envelope
from schemas.records.events import EXTERNAL_EVENTS, TICKET_EVENTS
from schemas.records.topics import INPUT_BYTES, Topic
from streams.foundation.record import Record
from streams.intake.doors import DOORS, Door
from streams.intake.errors import NotDelivered
from streams.intake.reading import BATCH, STRUCTURED
from streams.stages.triage.intake import arrive
from tests.contract.event_samples import sample
from tests.unit.streams.intake.doors_in_memory import NOW, Client, MemorySender, client_of
from understanding.signals.automatic_mail import AutomaticMail

OPENED = sample("TicketOpened")
AUTOMATIC_MAIL = AutomaticMail.load()


@pytest.fixture(scope="module")
def sender() -> MemorySender:
    """A Kafka in memory, for tests that look at answers and at what they sent themselves."""
    return MemorySender()


@pytest.fixture(scope="module")
def client(sender: MemorySender) -> Iterator[Client]:
    """A client of a door that sends there."""
    with client_of(sender) as client:
        yield client


@pytest.fixture
def fresh() -> Iterator[tuple[Client, MemorySender]]:
    """A door and a Kafka of a test's own."""
    sender = MemorySender()
    with client_of(sender) as client:
        yield client, sender


def cloud_event(event_id: str, name: str = "TicketOpened", **attributes: Any) -> dict[str, Any]:
    """Return a CloudEvent in its JSON format."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "crm",
        "type": name,
        "data": sample(name),
    } | attributes


def send(client: Client, *events: dict[str, Any], kind: str = STRUCTURED) -> Any:
    """Send CloudEvents."""
    body = list(events) if kind == BATCH else events[0]
    return client.post("/v1/events", content=json.dumps(body), headers={"content-type": kind})


def path_of(door: Door, body: dict[str, Any]) -> str:
    """Return the path of a door about what a body is about."""
    return (
        door.path if door.id_field is None else door.path.format(**{door.id_field: body.pop(door.id_field)})
    )


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.event)
def test_a_simple_door_sends_the_event_of_the_contract(
    door: Door, client: Client, sender: MemorySender
) -> None:
    """The fields of an event, without what the path says, become the record that a producer would send."""
    body = sample(door.event)
    answer = client.post(
        path_of(door, dict(body)), json={k: v for k, v in body.items() if k != door.id_field}
    )
    record = sender.sent[-1]
    envelope = decode_envelope(record.headers)
    assert answer.status_code == 202, answer.text
    assert (envelope.type, envelope.time, envelope.source) == (door.event, NOW, "ticketyard/intake")
    assert json.loads(record.value) == body
    assert record.key.decode() == envelope.subject == body.get(door.id_field or "ticket_id")
    assert answer.json() == {
        "ok": True,
        "id": envelope.id,
        "type": door.event,
        "topic": record.topic,
        "partition": answer.json()["partition"],
        "offset": answer.json()["offset"],
    }


def test_a_door_is_of_an_event_from_outside() -> None:
    """What only the pipeline publishes has none; any other event has at least /v1/events."""
    assert {door.event for door in DOORS} <= set(EXTERNAL_EVENTS)


@pytest.mark.parametrize("name", sorted(EXTERNAL_EVENTS))
def test_a_cloud_event_goes_through_in_every_mode(name: str, client: Client, sender: MemorySender) -> None:
    """Structured, in a batch, and binary give the same record; extension attributes go on as headers."""
    told = cloud_event(f"s-{name}", name, time="2026-03-02T08:00:00+01:00", traceparent="00-1")
    binary = {
        "ce-id": f"x-{name}",
        "ce-type": name,
        "ce-source": "crm",
        "ce-time": "2026-03-02T08:00:00+01:00",
        "ce-traceparent": "00-1",
    }
    answers = [
        send(client, told),
        send(client, {**told, "id": f"b-{name}"}, kind=BATCH),
        client.post("/v1/events", json=sample(name), headers=binary),
    ]
    assert [answer.status_code for answer in answers] == [202] * 3, [answer.text for answer in answers]
    found = [(dict(one.headers), json.loads(one.value), one.key, one.topic) for one in sender.sent[-3:]]
    for headers, *_ in found:
        assert headers.pop("ce_id").decode()[2:] == name
        assert headers["ce_traceparent"] == b"00-1"
    assert found[0] == found[1] == found[2]
    assert found[0][3] == (Topic.TICKETS_EVENTS if name in TICKET_EVENTS else found[0][3])


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"data": {**OPENED, "channel": "fax"}}, "InvalidBody"),
        ({"data": {**OPENED, "ticket_id": ""}}, "InvalidBody"),
        ({"data": [1]}, "InvalidBody"),
        ({"data": {**OPENED, "later": json.loads("[" * 70 + "]" * 70)}}, "InvalidBody"),
        ({"type": "TicketEaten"}, "UnknownEventType"),
        ({"time": "yesterday"}, "NotAnEvent"),
        ({"time": "2026-03-02T08:00:00"}, "NotAnEvent"),
        ({"time": (NOW + timedelta(hours=1)).isoformat()}, "EventFromTheFuture"),
        ({"id": "x" * 257}, "NotAnEvent"),
        ({"traceparent": "x" * 1025}, "NotAnEvent"),
    ],
)
def test_the_door_refuses_what_the_stream_would(change: dict[str, Any], kind: str, client: Client) -> None:
    """The same decoder, so the same error with the same words as in a dead letter."""
    told = {"time": NOW.isoformat(), **cloud_event("e-1"), **change}
    headers = [
        (f"ce_{name}", value.encode()) for name, value in told.items() if name not in {"data", "specversion"}
    ]
    record = Record(
        topic=Topic.TICKETS_EVENTS,
        origin=Origin(topic_id="t", partition=0, offset=0, timestamp_ms=0),
        value=json.dumps(told["data"]).encode(),
        headers=headers,
    )
    with pytest.raises(EventError) as caught:
        arrive(record, latest=NOW + timedelta(seconds=300), automatic_mail=AUTOMATIC_MAIL)
    answer = send(client, told)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == type(caught.value).__name__ == kind
    if kind != "UnknownEventType":  # the door knows events of other topics, too
        assert error["message"].replace(" ", "") == str(caught.value).replace(" ", "")


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        (b"", STRUCTURED, "not a CloudEvent"),
        (b"[]", STRUCTURED, "not a CloudEvent"),
        (b'{"id": "1", "type": "TicketClosed"}', STRUCTURED, "under `data`"),
        (b'{"id": "1", "type": "TicketClosed", "data_base64": "e30="}', STRUCTURED, "Base64"),
        (b'{"id": "1", "type": "TicketClosed", "ticket_id": "t"}', STRUCTURED, "'ticket_id' is no attribute"),
        (b'{"id": "1", "type": "TicketClosed", "data": {}, "x": {}}', STRUCTURED, "must be a text"),
        (b'{"specversion": "0.3", "id": "1", "type": "TicketClosed", "data": {}}', STRUCTURED, "1.0"),
        (b'{"type": "TicketClosed", "data": {"ticket_id": "t"}}', STRUCTURED, "no id"),
        (b"{}", BATCH, "not a list"),
        (b'{"ticket_id": "t"}', "application/json", "ce_type is missing"),
    ],
)
def test_what_is_no_cloud_event_is_refused(content: bytes, kind: str, says: str, client: Client) -> None:
    """The message says what to send instead."""
    headers = {"content-type": kind, **({"ce-id": "1"} if kind == "application/json" else {})}
    answer = client.post("/v1/events", content=content, headers=headers)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
    assert says in answer.json()["error"]["message"]


def test_a_batch_is_taken_whole_or_not_at_all(fresh: tuple[Client, MemorySender]) -> None:
    """One bad event among good ones leaves nothing half published, and every bad one is named."""
    client, sender = fresh
    bad = cloud_event("2", data={})
    unnamed = {key: value for key, value in cloud_event("3").items() if key != "id"}
    answer = send(client, cloud_event("1"), bad, unnamed, kind=BATCH)
    assert (answer.status_code, sender.sent) == (400, [])
    refused = answer.json()["error"]["events"]
    assert [(one["index"], one["id"], one["type"]) for one in refused] == [
        (1, "2", "InvalidBody"),
        (2, None, "InvalidBody"),
    ]


def test_the_same_event_gets_the_same_answer_and_is_sent_once(fresh: tuple[Client, MemorySender]) -> None:
    """Layout, order of fields and mode make no other event; a caller who is unsure sends it again."""
    client, sender = fresh
    first = send(client, cloud_event("1"))
    turned = dict(reversed(OPENED.items()))
    again = [
        send(client, cloud_event("1", data=turned)),
        send(client, cloud_event("1"), kind=BATCH),
        client.post(
            "/v1/events",
            content=json.dumps(OPENED, indent=3),
            headers={
                "ce-id": "1",
                "ce-source": "crm",
                "ce-type": "TicketOpened",
                "content-type": "application/json; charset=utf-8",
            },
        ),
    ]
    assert len(sender.sent) == 1
    assert again[0].json() == again[2].json() == first.json()
    assert again[1].json()["events"] == [{k: v for k, v in first.json().items() if k != "ok"}]


@pytest.mark.parametrize("number", ["1e999", "-1E400", "7" * 5000, "-" + "7" * 5000, "0.1e-999"])
def test_a_number_that_no_machine_holds_is_taken_as_the_stream_takes_it(
    number: str, fresh: tuple[Client, MemorySender]
) -> None:
    """The door answered 500 where a field that the schema does not know was beyond 64 bits; Kafka's way took the event.

    It counts once, whatever its layout, and another number is another content.
    """
    client, sender = fresh
    body = json.dumps({**OPENED, "extra": ["N"]}).replace('"N"', number)
    turned = json.dumps({"extra": ["N"], **OPENED}, indent=2).replace('"N"', number)
    headers = {"content-type": "application/json", "idempotency-key": "1"}
    answers = [
        client.post("/v1/tickets", content=content, headers=headers)
        for content in (body, turned, body.replace(number, number + "1"))
    ]
    assert [one.status_code for one in answers] == [202, 202, 409], [one.text for one in answers]
    assert [one.value.decode() for one in sender.sent] == [body]


def test_an_idempotency_key_is_the_id(fresh: tuple[Client, MemorySender]) -> None:
    """A client that knows no CloudEvents repeats a request by its key; another content of the key is a conflict."""
    client, sender = fresh
    headers = {"idempotency-key": '"order-17"'}
    answers = [client.post("/v1/tickets", json=OPENED, headers=headers) for _ in range(2)]
    other = client.post("/v1/tickets", json={**OPENED, "text": "another"}, headers=headers)
    assert [one.json()["id"] for one in answers] == ["order-17"] * 2
    assert (len(sender.sent), other.status_code, other.json()["error"]["type"]) == (1, 409, "IdTaken")


def test_a_conflict_in_a_batch_sends_nothing(fresh: tuple[Client, MemorySender]) -> None:
    """Two events of one id that say different things: also where neither was sent before."""
    client, sender = fresh
    other = cloud_event("1", data={**OPENED, "text": "another"})
    assert send(client, cloud_event("0"), cloud_event("1"), other, kind=BATCH).status_code == 409
    assert sender.sent == []


def test_a_failed_delivery_is_told_and_may_be_sent_again(fresh: tuple[Client, MemorySender]) -> None:
    """What Kafka did not acknowledge is not remembered as if it had."""
    client, sender = fresh
    sender.next_failure = lambda: NotDelivered("no acknowledgement; send it again with the same id")
    failed = send(client, cloud_event("1"))
    sender.next_failure = lambda: None
    again = send(client, cloud_event("1"))
    assert (failed.status_code, failed.headers["retry-after"], again.status_code) == (503, "5", 202)
    assert len(sender.sent) == 2


def test_the_path_and_the_body_name_one_ticket(client: Client) -> None:
    """A body that names another ticket than the path is a mistake of the caller, not a choice for the door."""
    body = {"ticket_id": "t-2", "score": 3}
    answer = client.post("/v1/tickets/t-1/surveys", json=body)
    assert (answer.status_code, "the path names 't-1'" in answer.text) == (400, True)
    assert client.post("/v1/tickets/t-2/surveys", json=body).status_code == 202


def test_an_id_may_have_a_slash(client: Client, sender: MemorySender) -> None:
    """An id is any text: a quoted slash in a path belongs to it."""
    assert client.post("/v1/tickets/shop%2F7%20%C3%A9/closings", json={}).status_code == 202
    assert sender.sent[-1].key.decode() == "shop/7 é"


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/v1/tickets", "text/plain", 415),
        ("/v1/tickets", "", 415),
        ("/v1/tickets", "application/json; charset=utf-16", 415),
        ("/v1/tickets", STRUCTURED, 415),
        ("/v1/events", "application/x-www-form-urlencoded", 415),
        ("/v1/nothing", "application/json", 404),
    ],
)
def test_other_kinds_and_paths_are_refused(path: str, kind: str, status: int, client: Client) -> None:
    """In the one shape of every error."""
    answer = client.post(path, content=b"{}", headers={"content-type": kind})
    assert (answer.status_code, answer.json()["error"]["status"]) == (status, status)


def test_a_body_and_an_event_have_a_largest_size() -> None:
    """A request is bounded by a setting, an event by what the topics take: 413, and nothing is sent."""
    sender = MemorySender()
    with client_of(sender, intake_body_bytes=INPUT_BYTES * 2) as client:
        request = client.post("/v1/tickets", json={**OPENED, "text": "x" * INPUT_BYTES * 2})
        event = client.post("/v1/tickets", json={**OPENED, "text": "x" * INPUT_BYTES})
    assert (request.status_code, event.status_code, sender.sent) == (413, 413, [])
    assert event.json()["error"]["type"] == "EventTooLarge"


def test_a_door_with_a_key_lets_nobody_else_in() -> None:
    """Events need the key, whatever else is wrong with them; health, metrics and the document need none."""
    sender = MemorySender()
    with client_of(sender, intake_key="s3cret-ключ") as client:
        wrong: list[dict[str, Any]] = [
            {},
            {"authorization": "Bearer s3cret"},
            {"authorization": "Basic s3cret"},
            {"authorization": b"Bearer \xff"},
        ]
        for headers in wrong:
            answer = client.post("/v1/tickets", json=OPENED, headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
            assert "s3cret" not in answer.text
        for open_path in ("/health", "/ready", "/metrics", "/openapi.json"):
            assert client.get(open_path).status_code == 200
        good = [(b"authorization", "bearer s3cret-ключ".encode())]
        assert (client.post("/v1/tickets", json=OPENED, headers=good).status_code, len(sender.sent)) == (
            202,
            1,
        )


def test_a_page_of_another_name_cannot_send(client: Client) -> None:
    """A page anywhere could let its own name point to this machine."""
    answer = client.post("/v1/tickets", json=OPENED, headers={"host": "attacker.example"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (421, "WrongHost")


def test_without_kafka_nothing_is_taken_and_ready_says_why(fresh: tuple[Client, MemorySender]) -> None:
    """503 with what to do; the process itself is well."""
    client, sender = fresh
    sender.problem = "no broker answers"
    assert client.post("/v1/tickets", json=OPENED).status_code == 503
    assert client.get("/ready").json() == {"ok": False, "reasons": ["no broker answers"]}
    assert (client.get("/ready").status_code, client.get("/health").status_code) == (503, 200)


def test_metrics_count_answers_and_events(fresh: tuple[Client, MemorySender]) -> None:
    """What was acknowledged by type, what was repeated, what was answered, and what waits."""
    client, _ = fresh
    send(client, cloud_event("1"))
    send(client, cloud_event("1"))
    send(client, cloud_event("2", data={}))
    page = client.get("/metrics").text
    for line in (
        'ticketyard_intake_events_total{type="TicketOpened"} 1.0',
        "ticketyard_intake_repeated_events_total 1.0",
        'ticketyard_intake_answers_total{status="202"} 2.0',
        'ticketyard_intake_answers_total{status="400"} 1.0',
        "ticketyard_intake_requests 0.0",
    ):
        assert line in page


@given(
    body=st.one_of(
        st.binary(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps)
    ),
    kind=st.sampled_from([STRUCTURED, BATCH, "application/json"]),
    path=st.sampled_from(["/v1/events", "/v1/tickets", "/v1/tickets/t/messages"]),
    attribute=st.text(st.characters(min_codepoint=33, max_codepoint=126)),
)
def test_no_body_makes_the_door_fail(
    client: Client, body: bytes | str, kind: str, path: str, attribute: str
) -> None:
    """Whatever a stranger sends is refused with a reason; it is never an error of the door."""
    headers = {"content-type": kind, "ce-source": attribute, "idempotency-key": attribute}
    assert client.post(path, content=body, headers=headers).status_code in {400, 415, 202, 409}
