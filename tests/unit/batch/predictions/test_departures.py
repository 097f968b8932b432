"""Who left, as far as it was known at a moment: nothing that was told later is in an example."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from batch.predictions.departures import LEAVES_WITHIN, Departure, Departures
from batch.predictions.examples import examples_of, hidden_of
from schemas.records.events import SurveyAnswered, TicketClosed
from tests.unit.batch.predictions.test_examples import history
from tests.unit.schemas.ticket_facts import TICKET, from_customer, minute, opened

DAY = 24 * 60.0
CUSTOMER = "C-1"
TOLD = Departure("somebody", minute(-1.0), minute(-1.0), retracted=False)


def left(day: float, *, told: float | None = None, retracted: bool = False) -> Departure:
    when = day if told is None else told
    return Departure(CUSTOMER, minute(when * DAY), minute(day * DAY), retracted)


def outcomes(departures: Departures, day: float) -> list[float]:
    written = [history((0.0, opened(customer_id=CUSTOMER)))]
    found = examples_of("churn", written, minute(day * DAY), departures=departures)
    return [example.outcome for example in found]


def test_who_leaves_within_ninety_days_has_left_and_who_does_not_has_stayed() -> None:
    assert timedelta(days=90) == LEAVES_WITHIN
    assert outcomes(Departures([TOLD, left(40)]), 39) == []
    assert outcomes(Departures([TOLD, left(40)]), 40) == [1.0]
    assert outcomes(Departures([TOLD, left(100)]), 89) == []
    assert outcomes(Departures([TOLD, left(100)]), 101) == [0.0]


def test_what_was_told_late_was_not_known_before() -> None:
    """They left on day 40, and somebody said so on day 60."""
    told = Departures([TOLD, left(40, told=60)])
    assert outcomes(told, 59) == []
    assert outcomes(told, 60) == [1.0]
    written = [history((0.0, opened(customer_id=CUSTOMER)))]
    (example,) = examples_of("churn", written, minute(60 * DAY), departures=told)
    assert example.known_after == timedelta(days=60)
    assert hidden_of("churn", written, minute(59 * DAY), departures=told) == [minute(0)]


def test_what_was_taken_back_was_never_so() -> None:
    told = Departures([TOLD, left(40), left(50, retracted=True)])
    assert outcomes(told, 49) == [1.0]
    assert outcomes(told, 51) == []
    assert outcomes(told, 90) == [0.0]
    assert outcomes(Departures([TOLD, left(40), left(50, retracted=True), left(60)]), 90) == [1.0]


def test_where_nobody_tells_of_departures_nobody_stayed() -> None:
    """A source that tells of none, or did not yet, says nothing of those who are not named."""
    assert outcomes(Departures(), 400) == []
    assert outcomes(Departures([left(30)]), 400) == []
    assert outcomes(Departures([TOLD]), 400) == [0.0]


def test_who_has_left_is_foretold_nothing() -> None:
    """Their last invoice is no word of somebody who stays."""
    written = [history((0.0, opened(customer_id=CUSTOMER)), (60 * DAY, from_customer()))]
    found = examples_of("churn", written, minute(400 * DAY), departures=Departures([TOLD, left(40)]))
    assert [example.at for example in found] == [minute(0)]


def test_what_others_do_to_a_ticket_or_is_heard_late_is_no_example() -> None:
    """A clock closed the ticket of somebody who had left; with a late message came what happened after it."""
    bodies = (0.0, opened(customer_id=CUSTOMER)), (41 * DAY, TicketClosed(ticket_id=TICKET))
    written = [history(*bodies, (39 * DAY, from_customer()))]
    found = examples_of("churn", written, minute(400 * DAY), departures=Departures([TOLD, left(40)]))
    assert [example.at for example in found] == [minute(0)]


def test_a_survey_after_a_late_message_is_no_example_of_its_time() -> None:
    """What is known with that message happened after it, and a split by time would let it into the past."""
    bodies = (0.0, opened(customer_id=CUSTOMER)), (30 * DAY, TicketClosed(ticket_id=TICKET))
    survey = (31 * DAY, SurveyAnswered(ticket_id=TICKET, score=4))
    for at, expected in ((10 * DAY, 0), (30.5 * DAY, 1)):
        written = [history(*bodies, (at, from_customer()), survey)]
        assert len(examples_of("satisfaction", written, minute(400 * DAY))) == expected


def test_each_word_of_the_customer_is_an_example_that_knows_what_was_said() -> None:
    written = [history((0.0, opened(customer_id=CUSTOMER)), (5.0, SurveyAnswered(ticket_id=TICKET, score=1)))]
    first, second = examples_of("churn", written, minute(400 * DAY), departures=Departures([TOLD]))
    assert "survey_score" not in first.known.numbers
    assert second.known.numbers["survey_score"] == 1
    assert "customer_id" not in first.known.words
    assert second.customer == CUSTOMER


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60), st.booleans()), max_size=6),
    st.integers(0, 400),
)
def test_asking_as_of_a_moment_and_cutting_off_there_are_the_same(
    words: list[tuple[int, int, bool]], now: int
) -> None:
    told = [TOLD, *(left(day, told=day + late, retracted=back) for day, late, back in words)]
    cut = [word for word in told if word.told_at <= minute(now * DAY)]
    assert outcomes(Departures(told), now) == outcomes(Departures(cut), now)
    assert outcomes(Departures(reversed(told)), now) == outcomes(Departures(told), now)
