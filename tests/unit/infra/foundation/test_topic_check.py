"""Topics as they are, against topics as they should be."""

from hypothesis import given
from hypothesis import strategies as st

from infra.foundation.topics import BrokerTopic, mismatches
from schemas.records.topics import topic_specs

SPECS = topic_specs()


@given(st.lists(st.integers(0, 9), min_size=len(SPECS), max_size=len(SPECS)))
def test_each_wrong_count_is_named_and_missing_topics_are_not(counts: list[int]) -> None:
    """A topic that does not exist will be created; one with another count is named with both numbers."""
    states = {
        spec.name: BrokerTopic(spec.name, "id", count) for spec, count in zip(SPECS, counts, strict=True)
    }
    wrong = [
        f"Topic {spec.name} has {count} partitions, the settings say {spec.partitions}"
        for spec, count in zip(SPECS, counts, strict=True)
        if count not in {0, spec.partitions}
    ]
    found = mismatches(SPECS, states)
    assert len(found) == len(wrong)
    assert all(line.startswith(start) for line, start in zip(found, wrong, strict=True))
