"""What may be committed while some records are still on their way."""

from hypothesis import given
from hypothesis import strategies as st

from streams.webhooks.finished_offsets import FinishedOffsets


@given(st.data())
def test_only_what_is_finished_is_ever_committed(data: st.DataObject) -> None:
    """In whatever order records finish, also in a log with gaps: nothing unfinished is below, nothing is left over."""
    offsets = sorted(data.draw(st.sets(st.integers(0, 60), min_size=1, max_size=20)))
    order = data.draw(st.permutations(offsets))
    kept, committed = FinishedOffsets(), 0
    for offset in offsets:
        kept.begin(offset)
    for number, offset in enumerate(order, start=1):
        after = kept.finish(offset)
        if after is not None:
            assert after > committed
            committed = after
        assert all(other >= committed for other in order[number:])
    assert committed == offsets[-1] + 1
