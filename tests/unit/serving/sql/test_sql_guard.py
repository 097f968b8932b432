"""Readers may run one read-only statement over the documented views, and nothing else."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from serving.foundation.errors import QueryRefused
from serving.sql.functions import ALLOWED
from serving.sql.guard import LONGEST_LITERAL, LONGEST_STATEMENT, MOST_SELECTS, check_sizes, check_statement

VIEWS = ("tickets", "queues")


@pytest.fixture(scope="module")
def parser() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that only parses."""
    with duckdb.connect(":memory:") as connection:
        yield connection


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "select count(*) from tickets;",
        "FROM main.tickets",
        "TABLE Tickets",
        "WITH t AS (SELECT * FROM tickets) SELECT * FROM t JOIN queues USING (team)",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT * FROM n",
        "SELECT * FROM (VALUES (1), (2)) AS v(i), range(3)",
        "SELECT (SELECT MAX(x) FROM unnest([1, 2]) AS u(x)) FROM tickets UNION SELECT 2",
        "SELECT * FROM tickets WHERE team = $team ORDER BY opened_at LIMIT 3",
        "SELECT list_transform([1], lambda x: x + 1), {'a': 1}.a, [1, 2][1:2], INTERVAL 3 DAY + now(), CAST(x AS DATE)",
        "SELECT COUNT(DISTINCT team), string_agg(team, ','), SUM(revision) OVER (ORDER BY revision) FROM tickets",
        "SELECT repeat('a', 80), range(7), team ILIKE 'a%', team ~ 'b', COALESCE(team, 'x') FROM tickets",
        "SELECT CURRENT_TIMESTAMP, NOT team = 'x', TRY_CAST(team AS INT) FROM tickets",
        "SELECT * FROM range(1000000000)",
        "DESCRIBE tickets",
        "DESCRIBE SELECT * FROM queues",
        "SUMMARIZE queues",
        "EXPLAIN SELECT * FROM tickets",
        " explain  analyze SELECT * FROM tickets",
    ],
)
def test_reading_the_views_is_allowed(parser: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Any shape of SELECT over the views passes, with helpers that read nothing."""
    check_statement(parser, sql, VIEWS)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "SELECT 1; SELECT 2",
        "selec 1",
        "INSERT INTO tickets VALUES (1)",
        "UPDATE tickets SET team = 'x'",
        "DELETE FROM tickets",
        "DROP VIEW tickets",
        "CREATE TABLE t AS SELECT 1",
        "COPY tickets TO 'x.csv'",
        "COPY (SELECT * FROM tickets) TO '/dev/stdout'",
        "ATTACH 'x.db'",
        "SET threads = 1",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "INSTALL httpfs",
        "LOAD httpfs",
        "BEGIN",
        "COMMIT",
        "USE realtime",
        "EXPORT DATABASE 'x'",
        "PREPARE p AS SELECT 1",
        "EXPLAIN DELETE FROM tickets",
        "EXPLAIN ANALYZE INSERT INTO tickets VALUES (1)",
        "EXPLAIN EXPLAIN SELECT 1",
        "WITH gone AS (DELETE FROM tickets RETURNING *) SELECT * FROM gone",
        "WITH new AS (INSERT INTO tickets VALUES (1) RETURNING *) SELECT * FROM new",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('views/x.parquet')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'x.parquet'",
        "SELECT * FROM glob('*')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('realtime.state')",
        "SELECT (SELECT COUNT(*) FROM read_text('/etc/passwd'))",
        "SELECT * FROM realtime.state",
        "SELECT * FROM batch.tickets",
        "SELECT * FROM memory.main.tickets",
        "SELECT * FROM tickets WHERE team IN (SELECT document FROM realtime.state)",
        "WITH t AS (SELECT * FROM realtime.state) SELECT * FROM t",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM information_schema.tables",
        "DESCRIBE realtime.state",
        "SHOW ALL TABLES",
        "SHOW TABLES",
        "PIVOT tickets ON team USING COUNT(*)",
    ],
)
def test_everything_else_is_refused(parser: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Writing, settings, files, tables of the engine and the inner schemas are out of reach."""
    with pytest.raises(QueryRefused):
        check_statement(parser, sql, VIEWS)


def test_a_refusal_names_what_there_is(parser: duckdb.DuckDBPyConnection) -> None:
    """Whoever mistypes a view reads which views there are."""
    with pytest.raises(QueryRefused, match=r"no view tickts; the views are queues, tickets"):
        check_statement(parser, "SELECT * FROM tickts", VIEWS)


@pytest.mark.parametrize("name", ["/views/x.parquet", "duckdb_tables", "a b", "tables"])
@pytest.mark.parametrize(
    "sql",
    [
        'SELECT b.* FROM (WITH "{}" AS (SELECT 1) SELECT 1) a, "{}" b',
        'WITH "{}" AS (FROM "{}") SELECT 1',
        'WITH a AS (FROM "{}"), "{}" AS (SELECT 1) FROM a',
        'SELECT (WITH "{}" AS (SELECT 1) SELECT 1) FROM "{}"',
    ],
)
def test_a_with_name_cannot_let_a_file_or_a_catalog_in(
    parser: duckdb.DuckDBPyConnection, name: str, sql: str
) -> None:
    """A name counts where its WITH reaches, as for DuckDB.

    A WITH in one scope once allowed its name everywhere, so that a file or a catalog of that name was read beside it,
    and within its own query.
    """
    with pytest.raises(QueryRefused, match=r"WITH|no view"):
        check_statement(parser, sql.format(name, name), ["tickets"])


@pytest.mark.parametrize(
    "sql",
    [
        "WITH a AS (SELECT 1 AS x), b AS (FROM a) SELECT * FROM b, a",
        "SELECT (WITH a AS (SELECT 1) SELECT * FROM a) FROM tickets",
        "WITH tickets AS (SELECT * FROM tickets WHERE team = 'x') SELECT * FROM tickets",
    ],
)
def test_names_reach_as_far_as_in_duckdb(parser: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Later entries see earlier ones, inner queries outer ones, and a view may be narrowed under its own name."""
    check_statement(parser, sql, VIEWS)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT current_setting('threads')",
        "SELECT json_serialize_plan('SELECT 1')",
        "SELECT json_serialize_sql('SELECT 1')",
        "SELECT write_log('x')",
        "SELECT getvariable('x')",
        "SELECT nextval('x')",
        "SELECT version()",
        "SELECT sleep_ms(1)",
        "SELECT pg_sleep(1)",
        "SELECT system.main.sleep_ms(1)",
        "SELECT 1 ORDER BY sleep_ms(1)",
        "SELECT COUNT(*) FILTER (WHERE sleep_ms(1) IS NULL)",
        "SELECT SUM(1) OVER (ORDER BY sleep_ms(1))",
        "SELECT list_transform([1], lambda x: sleep_ms(x))",
        "SELECT * FROM range(sleep_ms(1))",
        "SELECT levenshtein('a', 'b')",
        "SELECT printf('%1000000000d', 1)",
        "SELECT format('{:1000000000}', 1)",
    ],
)
def test_functions_that_reach_out_or_wait_are_refused(parser: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Whatever is not on the list is no function: settings, plans and the server's log were once open to all."""
    with pytest.raises(QueryRefused, match="function"):
        check_statement(parser, sql, VIEWS)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT lpad('a', 2000000000)",
        "SELECT repeat('a', 10001)",
        "SELECT repeat('a', 10 * 10)",
        "SELECT rpad(team, length(team), 'x') FROM tickets",
        "SELECT list_sort(range(100000000))",
        "SELECT generate_series(0, 9, x) FROM range(3) AS t(x)",
        "SELECT list_resize([1], 1000000)",
    ],
)
def test_repeating_says_how_much_in_the_statement(parser: duckdb.DuckDBPyConnection, sql: str) -> None:
    """One number in a statement once asked for gigabytes."""
    with pytest.raises(QueryRefused, match="say how much by a number"):
        check_statement(parser, sql, VIEWS)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT 1" + " " * LONGEST_STATEMENT, "characters"),
        (f"SELECT '{'x' * (LONGEST_LITERAL + 1)}'", "longer than"),
        (" UNION ".join(["SELECT 1"] * (MOST_SELECTS + 1)), "SELECTs"),
        (" UNION ".join(f"SELECT {number}" for number in range(20_000)), "characters"),
        ("SELECT 1" + " + 1" * 600, "nested too deeply"),
        ("SELECT " + "CASE WHEN TRUE THEN " * 300 + "1" + " END" * 300, "nested too deeply"),
        ("SELECT " + "[" * 700 + "1" + "]" * 700, "nested too deeply|depth"),
        ("SELECT " + "(" * 3000 + "1" + ")" * 3000, "nested too deeply|depth"),
    ],
)
def test_statements_have_a_size(parser: duckdb.DuckDBPyConnection, sql: str, why: str) -> None:
    """The parser has no time limit, and 600 nested terms were an error 500."""
    with pytest.raises(QueryRefused, match=why):
        check_statement(parser, sql, VIEWS)


@pytest.mark.parametrize(
    "parameters",
    [["x" * (LONGEST_LITERAL + 1)], {"a": [[0] * (LONGEST_LITERAL + 1)]}, [0] * (LONGEST_LITERAL + 1)],
)
def test_parameters_have_a_size(parser: duckdb.DuckDBPyConnection, parameters: Any) -> None:
    """What a statement may not hold cannot come beside it."""
    with pytest.raises(QueryRefused, match="parameter"):
        check_statement(parser, "SELECT 1", VIEWS, parameters)


@pytest.mark.parametrize("number", [2**64, 10**30, -(2**63) - 1])
def test_a_number_that_needs_more_than_64_bits_is_refused(number: int) -> None:
    """Such a parameter once ended in an unexpected error: no message to a process can carry it."""
    for parameters in ([number], {"a": [{"b": number}]}):
        with pytest.raises(QueryRefused, match="64 bits"):
            check_sizes("SELECT 1", parameters)
    check_sizes("SELECT 1", [2**64 - 1, -(2**63), True, 0.5])


def test_every_function_of_the_list_exists(parser: duckdb.DuckDBPyConnection) -> None:
    """A misspelt name in the list would refuse what it should allow."""
    known = {
        row[0].lower() for row in parser.execute("SELECT function_name FROM duckdb_functions()").fetchall()
    }
    assert ALLOWED - known == {"!"}
