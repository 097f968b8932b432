"""Readers may run one read-only statement over the documented views, and nothing else."""

from collections.abc import Iterator

import duckdb
import pytest

from serving.foundation.errors import QueryRefused
from serving.merge.sql_guard import check_statement

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


@pytest.mark.parametrize("name", ["/views/x.parquet", "duckdb_tables", "a b"])
def test_a_with_name_cannot_let_a_file_or_a_catalog_in(name: str) -> None:
    """A WITH in one scope once allowed its name everywhere, so that a file of that name could be read beside it."""
    sql = f'SELECT b.* FROM (WITH "{name}" AS (SELECT 1) SELECT 1) a, "{name}" b'
    with duckdb.connect() as parser, pytest.raises(QueryRefused, match="WITH"):
        check_statement(parser, sql, ["tickets"])
