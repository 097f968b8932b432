"""What is derived twice has the same id."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.records.identity import derived_id

_parts = st.lists(
    st.one_of(st.integers(), st.text(st.characters(codec="utf-8"), max_size=5)), min_size=1, max_size=4
)


@given(_parts)
def test_equal_parts_give_equal_ids(parts: list[str | int]) -> None:
    """An id is 32 hex digits and depends on nothing but its parts."""
    assert derived_id(*parts) == derived_id(*parts)
    assert len(derived_id(*parts)) == 32
    assert int(derived_id(*parts), 16) >= 0


def test_an_id_stays_what_it_is() -> None:
    """Ids are compared with those in logs of years ago, so the function may never change."""
    assert derived_id("e-1", "cases", "TicketLogged", 7) == "520bf0d7b57f95c04ea4dbb14ff98a8f"


def test_where_one_part_ends_matters() -> None:
    """Two causes that only look alike when joined are two."""
    assert derived_id("ab", "c") != derived_id("a", "bc")
    assert derived_id("a", "") != derived_id("a")
    assert derived_id("a\x1fb", "c") != derived_id("a", "b\x1fc")
    assert derived_id("1:a") != derived_id("1", "a")


@given(_parts, _parts)
def test_other_parts_give_other_ids(one: list[str | int], other: list[str | int]) -> None:
    """Ids tell apart whatever differs as text."""
    same = [str(part) for part in one] == [str(part) for part in other]

    assert (derived_id(*one) == derived_id(*other)) == same
