"""What a picture keeps: a part is made anew only where what it is made of has changed."""

from itertools import count

from schemas.records.topics import Topic
from serving.foundation.state import PartitionState, ServedState, TopicState
from serving.pages.kept import Kept, read_from


def test_a_part_is_made_anew_where_its_own_topic_has_gone_on() -> None:
    """A page Now that was open cost a twentieth of a core: all of it was read again with every ticket."""
    kept, readings = Kept(), count(1)

    def agents(state: ServedState) -> int:
        return kept.part("agents", read_from(state, Topic.AGENTS_EVENTS), lambda: next(readings))

    assert agents(_state(tickets=1, agents=1)) == 1
    assert agents(_state(tickets=2, agents=1)) == 1
    assert agents(_state(tickets=2, agents=2)) == 2
    assert agents(_state(tickets=2, agents=2, run_id="another")) == 3


def _state(*, tickets: int, agents: int, run_id: str | None = None) -> ServedState:
    nexts = {f"mine.{Topic.TICKETS_LOG}": tickets, f"mine.{Topic.AGENTS_EVENTS}": agents}
    return ServedState(
        run_id=run_id,
        topics={
            name: TopicState(topic_id="id", partitions={"0": PartitionState(next=end)})
            for name, end in nexts.items()
        },
    )
