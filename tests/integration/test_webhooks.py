"""Webhooks to a real HTTP server: every way to answer badly, a real Kafka, and kills in between."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kafka import TopicPartition
from kafka.errors import NoError
from kafka.structs import OffsetAndMetadata

from infra.cli.operating.webhooks import command as webhooks_command
from infra.cli.tickets.dead import command as dead_command
from infra.foundation.topics import admin_client
from infra.local.kafka import LocalKafka
from infra.stage_reset import stamps_of
from schemas.errors import PipelineError
from schemas.records.envelope import Envelope, encode_headers
from schemas.records.topics import Topic
from streams.broker.clients import topic_facts
from streams.foundation.errors import EXIT_STAY_DOWN
from streams.foundation.record import headers_of
from streams.foundation.settings import StreamSettings
from streams.webhooks.guard import AddressRefused, Networks
from streams.webhooks.post import NotTaken, Poster, Refused, new_client
from streams.webhooks.run import group_of_address
from tests.integration.receivers import ENDLESS, SILENT, TRICKLE, Receiver, receiving
from tests.stage_harness import StageHarness, wait_for

HERE = [ip_network("127.0.0.0/8")]
PATIENT_S = 180.0
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of this test alone: one that others shared had alerts of theirs at the same path."""
    with receiving() as found:
        yield found


def posted(receiver: Receiver, path: str, allowed: Networks = (), *, timeout_s: float = 30.0) -> int:
    """Post to a name that resolves to this machine."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def post() -> int:
        async with new_client() as client:
            poster = Poster(client=client, allowed=allowed, resolve=resolve)
            url = f"http://hooks.example.com:{receiver.port}{path}"
            return await poster.post(url, b'{"a":1}', {"webhook-id": "d"}, timeout_s=timeout_s)

    return asyncio.run(post())


def test_what_is_posted_names_its_host_and_is_connected_to_the_checked_address(receiver: Receiver) -> None:
    """The connection goes to what was checked, and the receiver sees the name that the file has."""
    assert posted(receiver, "/plain", HERE) == 200
    (request,) = receiver.at("/plain")
    assert request.headers["host"] == f"hooks.example.com:{receiver.port}"
    assert (request.headers["content-type"], request.headers["webhook-id"]) == ("application/json", "d")
    assert request.body == b'{"a":1}'


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (500, NotTaken, "HTTP 500"),
        (429, NotTaken, "HTTP 429"),
        (302, Refused, "HTTP 302 .*redirects are not followed"),
        (410, Refused, "HTTP 410"),
        (SILENT, NotTaken, "no answer within"),
        (TRICKLE, NotTaken, "no answer within"),
    ],
)
def test_each_way_to_answer_badly_ends(
    receiver: Receiver, answer: int | str, error: type[PipelineError], message: str
) -> None:
    """A receiver that never answers, or only ever begins to, costs one timeout; where it redirects nobody goes."""
    receiver.answers[f"/{answer}"] = answer
    with pytest.raises(error, match=message):
        posted(receiver, f"/{answer}", HERE, timeout_s=0.5 if answer in {SILENT, TRICKLE} else 30.0)
    assert receiver.at("/elsewhere") == []


def test_an_answer_without_end_is_an_answer(receiver: Receiver) -> None:
    """What counts is the status; the body is not read."""
    receiver.answers["/endless"] = ENDLESS
    assert posted(receiver, "/endless", HERE) == 200


def test_a_name_that_resolves_to_this_machine_is_not_reached(receiver: Receiver) -> None:
    """Whoever owns the name could otherwise have us call what only we can reach."""
    with pytest.raises(AddressRefused, match=r"hooks\.example\.com is 127\.0\.0\.1"):
        posted(receiver, "/private")
    assert receiver.at("/private") == []


def test_an_address_where_nobody_listens_may_listen_later() -> None:
    with receiving() as gone:
        pass
    with pytest.raises(NotTaken, match="ConnectError"):
        posted(gone, "/", HERE)


@pytest.fixture
def harness(
    kafka: LocalKafka, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., StageHarness]]:
    """Make a pipeline of webhooks alone, to the addresses of the given paths."""
    made: list[StageHarness] = []

    def make(**deadlines: float) -> StageHarness:
        lines = ["allowed_networks: [127.0.0.0/8]", "addresses:"]
        for name, deadline_s in deadlines.items():
            fields = f"secret_env: HOOKS, timeout_s: 1, deadline_s: {deadline_s}"
            lines.append(f"  {name}: {{url: 'http://127.0.0.1:{receiver.port}/{name}', {fields}}}")
        file = tmp_path / "webhooks.yaml"
        file.write_text("\n".join(lines), encoding="utf-8")
        monkeypatch.setenv("TICKETYARD_WEBHOOKS", str(file))
        monkeypatch.setenv("HOOKS", SECRET)
        found = StageHarness(kafka.bootstrap_servers, tmp_path)
        for key, value in found.environment().items():
            if key.startswith("TICKETYARD_"):
                monkeypatch.setenv(key, value)
        made.append(found)
        return found

    yield make
    for each in made:
        each.stop()


def start(harness: StageHarness, *names: str, crash_at: str = "") -> Any:
    """Start the webhooks; wait until each address has noted where it begins."""
    worker = harness.start("-m", "infra.cli", "stream", "webhooks", crash_at=crash_at)
    for name in names:
        wait_for(
            lambda name=name: min(harness.committed(f"webhooks-{name}", Topic.TICKETS_ALERTS)) >= 0,  # type: ignore[misc]  # bound at once
            f"{name} has begun; {harness.log()[-2000:]}",
        )
    return worker


def alert(harness: StageHarness, number: int) -> None:
    envelope = Envelope(
        id=f"a-{number}", type="SlaBreached", source="ticketyard/cases", time=datetime.now(UTC)
    )
    harness.send(
        Topic.TICKETS_ALERTS,
        f"T{number}",
        f'{{"ticket_id":"T{number}"}}'.encode(),
        partition=number % 4,
        headers=encode_headers(envelope),
    )
    harness.flush()


def ids_at(receiver: Receiver, path: str) -> list[str]:
    return [request.headers["webhook-id"] for request in receiver.at(path)]


def outcomes(records: list[Any]) -> list[tuple[str, str]]:
    """Return (type, address) of what alerts.deliveries says, each event once."""
    found = {}
    for record in records:
        headers = dict(headers_of(record))
        address = json.loads(record.value())["address"]
        found[headers["ce_id"]] = ((headers["ce_type"] or b"").decode(), address)
    return sorted(found.values())


def test_a_kill_between_post_and_commit_tells_again_under_the_same_id(
    harness: Callable[..., StageHarness], receiver: Receiver
) -> None:
    """The receiver had it, the broker had not heard: the next process posts it again, and the receiver can tell."""
    pipeline = harness(killed=60)
    worker = start(pipeline, "killed", crash_at="in_outbox:1")
    alert(pipeline, 1)
    wait_for(lambda: worker.poll() is not None, "the worker killed")
    assert len(ids_at(receiver, "/killed")) == 1
    start(pipeline)
    with pipeline.reading(Topic.ALERTS_DELIVERIES) as reading:
        wait_for(lambda: len(ids_at(receiver, "/killed")) == 2, f"posted again; {pipeline.log()[-2000:]}")
        wait_for(lambda: outcomes(reading.more()) == [("WebhookDelivered", "killed")], "one outcome")
    assert len(set(ids_at(receiver, "/killed"))) == 1


def test_a_slow_address_holds_up_no_other_and_what_is_given_up_can_be_sent_back(
    harness: Callable[..., StageHarness], receiver: Receiver
) -> None:
    """Letters go back to the one address that did not take the alert, under the id that it would have had."""
    receiver.answers |= {"/broken": 500, "/hanging": SILENT}
    pipeline = harness(well=60, broken=1.5, hanging=60)
    start(pipeline, "well", "broken", "hanging")
    for number in range(3):
        alert(pipeline, number)
    with (
        pipeline.reading(Topic.ALERTS_DELIVERIES) as reading,
        pipeline.reading(Topic.TICKETS_DEAD) as letters,
    ):
        wait_for(lambda: len(outcomes(reading.more())) >= 6, f"six ended; {pipeline.log()[-2000:]}")
        ended = outcomes(reading.records)
        assert ended.count(("WebhookDelivered", "well")) == 3
        assert ended.count(("WebhookFailed", "broken")) == 3
        assert len(letters.wait(3)) == 3
        tried = set(ids_at(receiver, "/broken"))
        told = len(receiver.at("/well"))

        receiver.answers["/broken"] = 204

        def taken() -> bool:  # an address that is left alone for a while gives up again at once
            result = CliRunner().invoke(
                dead_command, ["replay", "--all", "--stage", "webhooks/broken", "--yes"]
            )
            assert result.exit_code == 0, f"{result.output} {result.exception!r}"
            return outcomes(reading.more()).count(("WebhookDelivered", "broken")) == 3

        wait_for(taken, "taken in the end", 180)
    assert set(ids_at(receiver, "/broken")) == tried
    # A receiver of a busy machine may be slow to answer, and is then told again under the same id.
    assert len(receiver.at("/well")) == told
    assert len(set(ids_at(receiver, "/well"))) == 3


def test_an_address_does_not_go_on_in_another_topic_of_the_same_name(
    harness: Callable[..., StageHarness], receiver: Receiver
) -> None:
    """Alerts below the old offsets were once passed over in silence; the command lets it begin anew."""
    pipeline = harness(well=60)
    worker = start(pipeline, "well")
    alert(pipeline, 1)
    wait_for(lambda: len(ids_at(receiver, "/well")) == 1, f"told; {pipeline.log()[-2000:]}", PATIENT_S)
    settings, name = pipeline.settings, pipeline.names[Topic.TICKETS_ALERTS]
    known = topic_facts(settings, [name])[name].topic_id
    group = group_of_address("well", settings)
    wait_for(
        lambda: sum(pipeline.committed("webhooks-well", Topic.TICKETS_ALERTS)) == 1, "committed", PATIENT_S
    )
    assert set(stamps_of(group, settings).values()) == {known}
    pipeline.recreate(Topic.TICKETS_ALERTS)
    wait_for(lambda: worker.poll() is not None, "the webhooks noticed", PATIENT_S)
    assert worker.returncode == EXIT_STAY_DOWN, pipeline.log()[-2000:]

    commit_as_of(group, settings, TopicPartition(name, 1), known)
    again = pipeline.start("-m", "infra.cli", "stream", "webhooks")
    wait_for(lambda: again.poll() is not None, "the webhooks refuse to start", PATIENT_S)
    assert again.returncode == EXIT_STAY_DOWN, pipeline.log()[-2000:]
    assert f"has the id {known}" in pipeline.log()

    told: list[str] = []

    def forgotten() -> bool:
        told.append(CliRunner().invoke(webhooks_command, ["forget", "well", "--yes"]).output)
        return bool(told[-1])  # nothing is said as long as the process that has ended counts as a member

    wait_for(forgotten, "forgotten", PATIENT_S)
    assert told[-1] == "well begins with what comes from now on\n"
    start(pipeline, "well")
    alert(pipeline, 2)
    wait_for(lambda: len(ids_at(receiver, "/well")) == 2, f"told again; {pipeline.log()[-2000:]}", PATIENT_S)


def commit_as_of(group: str, settings: StreamSettings, place: TopicPartition, topic_id: str) -> None:
    """Commit an offset of the topic that was, as a process may that has not noticed yet."""

    def taken() -> bool:  # a process that has ended counts as a member for some seconds
        with admin_client(settings.kafka_python_options()) as admin:
            answers = admin.alter_group_offsets(group, {place: OffsetAndMetadata(1, topic_id, -1)})
        return answers[place] is NoError

    wait_for(taken, "an offset of the old topic", PATIENT_S)


def test_the_command_checks_a_file_and_tests_an_address(
    harness: Callable[..., StageHarness], receiver: Receiver
) -> None:
    """Before anything runs: whom the file tells of what, and whether an address takes a signed test."""
    file = Path(harness(trial=60).settings.home / "webhooks.yaml")
    checked = CliRunner().invoke(webhooks_command, ["check", str(file)])
    assert "trial: http://127.0.0.1" in checked.output, checked.output
    assert "is told of every alert, priority low and above" in checked.output
    tested = CliRunner().invoke(webhooks_command, ["test", "trial"])
    assert tested.output == "trial took it: HTTP 200\n", repr(tested.exception)
    (request,) = receiver.at("/trial")
    assert request.headers["webhook-signature"].startswith("v1,")
