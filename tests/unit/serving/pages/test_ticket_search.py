"""What an address asks of the list of tickets, asked of a few tickets in DuckDB."""

from collections.abc import Iterator

import duckdb
import pytest

from serving.foundation.errors import QueryRefused
from serving.listing.words import searched
from serving.pages.tickets.search import read_search, shown


@pytest.fixture
def few() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three tickets, one of them merged; one was escalated twice."""
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE tickets AS FROM (VALUES ('T1', 'İstanbul', NULL), ('T2', 'ΟΔΟΣ', 'T1'), "
            "('T3', 'Straße', NULL)) AS t(ticket_id, subject, merged_into)"
        )
        database.execute(
            "CREATE TABLE ticket_events AS FROM (VALUES "
            "('T3', 'MessageAdded', TIMESTAMPTZ '2026-03-01 00:00:00+00', 'ΑΘΗΝΑΣ'), "
            "('T1', 'TicketEscalated', TIMESTAMPTZ '2026-03-01 00:00:00+00', NULL), "
            "('T1', 'TicketEscalated', TIMESTAMPTZ '2026-03-02 00:00:00+00', NULL), "
            "('T2', 'TicketEscalated', TIMESTAMPTZ '2026-03-01 00:00:00+00', NULL)) "
            "AS t(ticket_id, event_type, event_time, text)"
        )
        yield database


def test_behind_escalations_is_each_ticket_that_had_one(few: duckdb.DuckDBPyConnection) -> None:
    """One that was escalated twice is there once; one that was merged later was left out, although it counts."""
    search = read_search({"metric": "escalations", "from": "2026-03-01"})
    found = few.execute(f"SELECT ticket_id FROM tickets {search.where} ORDER BY 1", search.parameters)
    assert found.fetchall() == [("T1",), ("T2",)]
    assert "merged_into IS NULL" in read_search({}).where


@pytest.mark.parametrize(
    ("word", "found"),
    [("İSTANBUL", "T1"), ("İstanbul", "T1"), ("ΟΔΟΣ", "T2"), ("ΑΘΗΝΑΣ", "T3"), ("t3", None)],
)
def test_words_and_texts_are_lowered_alike(
    few: duckdb.DuckDBPyConnection, word: str, found: str | None
) -> None:
    """Words were lowered by Python, to a final ς and an i with a dot, which no text had that DuckDB lowered."""
    condition = searched(word)
    assert condition is not None
    rows = few.execute(f"SELECT ticket_id FROM tickets WHERE {condition[0]}", condition[1]).fetchall()
    assert rows == ([(found,)] if found else [])


def test_a_file_has_columns_that_the_page_lacks() -> None:
    """An address with one of them was refused for files too."""
    search = read_search({"columns": "ticket_id,links"})
    assert search.columns == ("ticket_id", "links")
    with pytest.raises(QueryRefused, match="columns=links is in files alone"):
        shown(search.columns)
