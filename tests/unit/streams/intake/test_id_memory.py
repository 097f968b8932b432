"""An id counts once: the memory of the door against a model of it."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.intake.errors import IdTaken, IntakeError, NotDelivered
from streams.intake.reading import STRUCTURED, read_cloud_events
from streams.intake.service import Intake
from tests.unit.streams.intake.doors_in_memory import NOW, MemorySender, settings

Sending = tuple[int, int, bool]
"""An id, a content, and whether Kafka acknowledges it."""

sendings = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=30)


def event(number: int, content: int) -> bytes:
    """Return a CloudEvent in its JSON format."""
    data = f'{{"ticket_id": "t", "resolution": "{content}"}}'
    return f'{{"id": "{number}", "source": "s", "type": "TicketResolved", "data": {data}}}'.encode()


async def answers(intake: Intake, sender: MemorySender, sent: Sequence[Sending]) -> list[object]:
    """Return for each sending the offset that was answered, or the name of the error."""
    found: list[object] = []
    for number, content, acknowledged in sent:
        sender.next_failure = lambda good=acknowledged: None if good else NotDelivered("away")  # type: ignore[misc]
        (given_event,) = read_cloud_events(STRUCTURED, {}, event(number, content))
        try:
            found.append((await intake.take(given_event, None, made_up_id=False)).offset)
        except IntakeError as error:
            found.append(type(error).__name__)
    return found


def by_the_rules(sent: Sequence[Sending]) -> tuple[list[object], int]:
    """Return what must be answered, and how many records are sent: written without the memory."""
    taken: dict[int, tuple[int, int]] = {}
    found: list[object] = []
    records = 0
    for number, content, acknowledged in sent:
        if number in taken:
            known, offset = taken[number]
            found.append(offset if known == content else "IdTaken")
            continue
        found.append(records if acknowledged else "NotDelivered")
        if acknowledged:
            taken[number] = (content, records)
        records += 1
    return found, records


@given(sendings)
def test_any_sequence_of_repeats_and_failures_follows_the_rules(sent: list[Sending]) -> None:
    """Same id and content: the same answer, sent once. Another content: a conflict. A failure: may be sent again."""
    sender = MemorySender()
    intake = Intake(settings(), sender, clock=lambda: NOW)
    expected, records = by_the_rules(sent)
    assert asyncio.run(answers(intake, sender, sent)) == expected
    assert len(sender.sent) == records


@given(sendings, st.integers(1, 3))
def test_a_short_memory_sends_again_and_never_answers_another_event(sent: list[Sending], most: int) -> None:
    """An id that was forgotten is sent again, which the stream drops; what is answered is always that very event's."""
    sender = MemorySender()
    intake = Intake(settings(intake_remembered=most), sender, clock=lambda: NOW)
    for (number, content, _), found in zip(sent, asyncio.run(answers(intake, sender, sent)), strict=True):
        if isinstance(found, int):
            partition = [one for one in sender.sent if one.key == b"t"]
            assert (partition[found].id, str(content).encode() in partition[found].value) == (
                str(number),
                True,
            )


def test_who_repeats_while_the_first_is_under_way_waits_for_the_same_answer() -> None:
    """An impatient client once could have its event sent twice by not waiting for the answer."""
    sender = MemorySender()
    sender.held = []

    async def impatient() -> list[int]:
        intake = Intake(settings(), sender, clock=lambda: NOW)
        (one,) = read_cloud_events(STRUCTURED, {}, event(1, 1))
        waiting = [asyncio.create_task(intake.take(one, None, made_up_id=False)) for _ in range(3)]
        leaves = asyncio.create_task(intake.take(one, None, made_up_id=False))
        while not sender.held:
            await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.sleep(0)
        assert sender.held is not None
        for acknowledge in sender.held:
            acknowledge()
        return [receipt.offset for receipt in await asyncio.gather(*waiting)]

    assert asyncio.run(impatient()) == [0, 0, 0]
    assert len(sender.sent) == 1


def test_another_content_of_a_known_id_names_the_event() -> None:
    """The caller must see which of their events it is."""
    sender = MemorySender()

    async def twice() -> None:
        intake = Intake(settings(), sender, clock=lambda: NOW)
        for content in (1, 2):
            (one,) = read_cloud_events(STRUCTURED, {}, event(7, content))
            await intake.take(one, None, made_up_id=False)

    with pytest.raises(IdTaken, match=r"TicketResolved 7 of s .* give each event an id of its own"):
        asyncio.run(twice())
