"""How much room a call of scoring leaves the encoder."""

from hypothesis import given
from hypothesis import strategies as st

from streams.triage.encoder_budget import encoder_budget


@given(texts=st.integers(0, 500), most=st.integers(1, 256))
def test_the_fuller_a_call_the_less_room(texts: int, most: int) -> None:
    """Never negative, never more with another text, none in a full call."""
    assert 0 <= encoder_budget(texts + 1, most) <= encoder_budget(texts, most)
    assert encoder_budget(max(texts, most), most) == 0


@given(most=st.integers(2, 256))
def test_a_call_that_is_half_full_reads_all_it_wants(most: int) -> None:
    """Pressure begins beyond half of a call: below it no text's result depends on its neighbours."""
    assert encoder_budget(most // 2, most) >= most // 2


def test_work_that_comes_faster_than_the_encoder_reads_makes_no_lag() -> None:
    """Simulated: three texts of four want the encoder at 3 ms, all cost 0.4 ms, 1,000 a second come, 500 wait."""
    waiting, most, decided = 500.0, 64, 0
    for _ in range(2000):
        texts = min(most, max(1, int(waiting)))
        by_encoder = min(encoder_budget(texts, most), texts * 3 // 4)
        seconds = 0.0004 * texts + 0.003 * by_encoder
        waiting = max(0.0, waiting + 1000 * seconds - texts)
        decided += by_encoder
    assert waiting < 2 * most
    assert decided > 2000
