"""The HTTP door on a real broker: what it answers is there, and what becomes of it when things are away or end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from kafka import KafkaConsumer, TopicPartition

from infra.foundation.topics import ensure_topics
from schemas.records.envelope import EventDecoder, decode_envelope
from schemas.records.events import EXTERNAL_EVENTS
from schemas.records.partitioning import partition_for
from schemas.records.topics import OPEN_TO_PRODUCERS, topic_specs
from streams.foundation.errors import EXIT_STAY_DOWN
from streams.intake.doors import DOORS
from tests.contract.event_samples import sample
from tests.unit.serving.waiting import wait_for

if TYPE_CHECKING:
    from infra.local.kafka import LocalKafka

KEY = "a-key-of-this-test"
DECODER = EventDecoder(EXTERNAL_EVENTS)


class Connected(threading.local):
    """A client for each thread: httpcore may close a connection that another thread has just been given."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, headers={"authorization": f"Bearer {KEY}"}, timeout=60)

    def close_ticket(self, number: int) -> httpx.Response:
        """Close a ticket by an event of that number."""
        headers = {"idempotency-key": f"e-{number}"}
        return self.client.post("/v1/tickets/t/closings", json={}, headers=headers)


class Door:
    """A door's process with topics of its own, and a reader of what is in them."""

    def __init__(self, servers: str, home: Path, **settings: str) -> None:
        self.prefix, self.servers, self.home = f"i{uuid.uuid4().hex[:8]}-", servers, home
        self.address_file = home / "run" / "intake.json"
        self.log = home / "intake.log"
        self.environment = os.environ | {
            "TICKETYARD_BOOTSTRAP_SERVERS": servers,
            "TICKETYARD_HOME": str(home),
            "TICKETYARD_TOPIC_PREFIX": self.prefix,
            "TICKETYARD_INTAKE_PORT": "0",
            "TICKETYARD_INTAKE_KEY": KEY,
            **{f"TICKETYARD_INTAKE_{name.upper()}": value for name, value in settings.items()},
        }
        self.process: subprocess.Popen[bytes] | None = None

    def make_topics(self) -> None:
        """Create the topics of this door."""
        specs = [spec for spec in topic_specs(prefix=self.prefix) if spec.topic in OPEN_TO_PRODUCERS]
        ensure_topics({"bootstrap_servers": self.servers}, specs, replication_factor=1)

    def run(self) -> "subprocess.Popen[bytes]":
        """Start the process; a killed one has left its address behind."""
        self.address_file.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.cli", "stream", "intake"],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        return self.process

    def start(self, *, ready: bool = True) -> httpx.Client:
        """Start the process; return a client of it once it is ready, or once it listens."""
        process = self.run()
        wait_for(lambda: self.address_file.exists() or process.poll() is not None, "the door listens")
        assert process.poll() is None, self.log.read_text(encoding="utf-8")
        client = self.connected().client
        if ready:
            wait_for(lambda: client.get("/ready").status_code == 200, "the door is ready")
        return client

    def connected(self) -> Connected:
        """Return clients of the process that has been started."""
        return Connected(json.loads(self.address_file.read_text(encoding="utf-8"))["url"])

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send the process a signal; return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def records(self, topic: str) -> dict[tuple[int, int], Any]:
        """Return every record of a topic by partition and offset."""
        consumer = KafkaConsumer(bootstrap_servers=self.servers)
        try:
            parts = [TopicPartition(topic, each) for each in consumer.partitions_for_topic(topic) or ()]
            consumer.assign(parts)
            consumer.seek_to_beginning(*parts)
            ends = consumer.end_offsets(parts)
            found: dict[tuple[int, int], Any] = {}
            while any(consumer.position(part) < ends[part] for part in parts):
                for some in consumer.poll(timeout_ms=500).values():
                    found |= {(one.partition, one.offset): one for one in some}
            return found
        finally:
            consumer.close()


@pytest.fixture
def door(kafka: "LocalKafka", tmp_path: Path) -> Iterator[Door]:
    """A door over topics that are there; a test starts it."""
    found = Door(kafka.bootstrap_servers, tmp_path)
    found.make_topics()
    yield found
    if found.process is not None:
        found.process.kill()
        found.process.wait()


def test_what_is_answered_lies_where_the_answer_says(door: Door) -> None:
    """Each event of the contract, by its simple door: the record is at that offset, in the partition of its key."""
    client = door.start()
    for one in DOORS:
        body = sample(one.event)
        path = one.path if one.id_field is None else one.path.format(**{one.id_field: body[one.id_field]})
        answer = client.post(path, json=body, headers={"idempotency-key": f"e-{one.event}"})
        assert answer.status_code == 202, answer.text
        told = answer.json()
        record = door.records(told["topic"])[told["partition"], told["offset"]]
        envelope = decode_envelope(record.headers)
        assert (envelope.id, envelope.type) == (f"e-{one.event}", one.event)
        assert told["partition"] == partition_for(record.key.decode(), 4)
        assert DECODER.decode(envelope, record.value) == DECODER.decode(envelope, json.dumps(body).encode())
    assert door.end() == 0
    assert not door.address_file.exists()
    assert KEY not in door.log.read_text(encoding="utf-8")


def test_under_pressure_some_wait_and_none_is_lost(kafka: "LocalKafka", tmp_path: Path) -> None:
    """With room for two requests, forty threads that come again when told to: each event is there exactly once."""
    door = Door(kafka.bootstrap_servers, tmp_path, requests="2")
    door.make_topics()
    client, refused = door.start(), Counter[int]()
    connected = door.connected()

    def send(number: int) -> tuple[int, int]:
        while True:
            answer = connected.close_ticket(number)
            refused[answer.status_code] += 1
            if answer.status_code == 202:
                return answer.json()["partition"], answer.json()["offset"]
            assert (answer.status_code, int(answer.headers["retry-after"]) >= 1) == (429, True)

    try:
        with ThreadPoolExecutor(40) as pool:
            places = list(pool.map(send, range(300)))
        found = door.records(f"{door.prefix}tickets.events")
        assert len(set(places)) == len(found) == 300
        assert set(found) == set(places)
        assert refused[429] > 0
        assert (
            f'ticketyard_intake_answers_total{{status="429"}} {refused[429]}.0' in client.get("/metrics").text
        )
    finally:
        door.end(signal.SIGKILL)


def test_who_asks_while_it_stops_is_answered(door: Door) -> None:
    """SIGTERM in the midst of requests: every 202 is in the topic, nothing else is, and the process ends well."""
    door.start()
    connected, begun = door.connected(), threading.Event()

    def send(number: int) -> str | None:
        if number == 50:
            begun.set()
        try:
            answer = connected.close_ticket(number)
        except httpx.TransportError:
            return None  # it had stopped listening: never taken, or cut off before an answer
        assert answer.status_code in {202, 503}, answer.text
        return f"e-{number}" if answer.status_code == 202 else None

    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, number) for number in range(400)]
        assert begun.wait(60)
        assert door.end() == 0
        taken = {found for one in sent if (found := one.result()) is not None}
    ids = Counter(
        decode_envelope(one.headers).id for one in door.records(f"{door.prefix}tickets.events").values()
    )
    assert taken == set(ids)
    assert set(ids.values()) == {1}


def test_after_a_kill_the_same_id_is_sent_again(door: Door) -> None:
    """What a process remembered is gone with it; the stream drops the second record of an id (docs/intake.md)."""
    first = door.start().post("/v1/tickets", json=sample("TicketOpened"), headers={"idempotency-key": "e"})
    door.end(signal.SIGKILL)
    again = door.start().post("/v1/tickets", json=sample("TicketOpened"), headers={"idempotency-key": "e"})
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["offset"] == first.json()["offset"] + 1
    records = door.records(f"{door.prefix}tickets.events").values()
    assert len({(decode_envelope(one.headers).id, one.value) for one in records}) == 1


def test_without_kafka_the_door_stands_and_says_so(tmp_path: Path) -> None:
    """Nothing listens at the broker's address: the process stays, 503 says what to do, and nothing waits for ever."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        door = Door(f"127.0.0.1:{nobody.getsockname()[1]}", tmp_path, timeout_s="1")
        client = door.start(ready=False)
        answer = client.post("/v1/tickets", json=sample("TicketOpened"))
        assert (answer.status_code, answer.json()["error"]["type"]) == (503, "NotDelivered")
        assert "same id" in answer.json()["error"]["message"]
        assert int(answer.headers["retry-after"]) >= 1
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 503
        assert door.end() == 0


def test_a_body_that_never_comes_holds_no_room_for_ever(tmp_path: Path) -> None:
    """Who announces a body and sends nothing once could take the place of those who do: 408, and the room is free."""
    door = Door("127.0.0.1:1", tmp_path, timeout_s="1", requests="1")
    client = door.start(ready=False)
    head = f"POST /v1/tickets HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\n"
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=60) as slow:
        slow.sendall(f"{head}content-type: application/json\r\ncontent-length: 100\r\n\r\n".encode())
        assert b" 408 " in slow.recv(4096).partition(b"\r\n")[0]
    assert "ticketyard_intake_requests 0.0" in client.get("/metrics").text
    assert door.end() == 0


def test_missing_topics_are_waited_for(kafka: "LocalKafka", tmp_path: Path) -> None:
    """A door that starts before its topics is ready once they are there."""
    door = Door(kafka.bootstrap_servers, tmp_path)
    client = door.start(ready=False)
    try:
        wait_for(lambda: "topics create" in client.get("/ready").text, "the door says what is missing")
        door.make_topics()
        wait_for(lambda: client.get("/ready").status_code == 200, "the door is ready")
        assert client.post("/v1/tickets", json=sample("TicketOpened")).status_code == 202
    finally:
        door.end(signal.SIGKILL)


def test_other_addresses_want_a_key(tmp_path: Path) -> None:
    """A door to the network without a key stays down, and says which setting to give."""
    door = Door("127.0.0.1:1", tmp_path, host="0.0.0.0", key="")
    assert door.run().wait(60) == EXIT_STAY_DOWN
    assert "TICKETYARD_INTAKE_KEY" in door.log.read_text(encoding="utf-8")
