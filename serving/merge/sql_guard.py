"""Which SQL readers may run: one SELECT over the documented views, judged by DuckDB's own parser."""

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

import duckdb
import msgspec

from serving.foundation.errors import QueryRefused

_EXPLAIN: Final = re.compile(r"\A\s*explain\s+(?:analyze\s+)?", re.IGNORECASE)
_NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLE_FUNCTIONS: Final = frozenset({"unnest", "range", "generate_series", "repeat"})
_PLAIN_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_OUR_SCHEMA: Final = "main"


def check_statement(parser: duckdb.DuckDBPyConnection, sql: str, views: Collection[str]) -> None:
    """Raise QueryRefused unless `sql` is one SELECT, WITH, DESCRIBE or EXPLAIN that reads only `views`.

    `parser` is any connection; nothing is run on it but the parsing itself.
    """
    tree = _parse(parser, _one_statement(parser, sql))
    named = {entry["key"].lower() for node in _walk(tree) for entry in _ctes(node)}
    for name in named:
        # A name counts in the whole statement here, in its own scope for DuckDB: it must not be a file or a catalog.
        if not _PLAIN_NAME.fullmatch(name) or name.startswith(("duckdb_", "pg_", "sqlite_")):
            raise QueryRefused(
                f"WITH {name!r}: name it with letters, digits and underscores, not as a catalog"
            )
    allowed = {view.lower() for view in views} | named
    for node in _walk(tree):
        _check_node(node, allowed, views)


def _one_statement(parser: duckdb.DuckDBPyConnection, sql: str) -> str:
    try:
        statements = parser.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryRefused(str(error)) from error
    if len(statements) != 1:
        raise QueryRefused(f"send one statement, not {len(statements)}")
    (statement,) = statements
    if statement.type == duckdb.StatementType.EXPLAIN:
        return _EXPLAIN.sub("", sql)
    return sql


def _parse(parser: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    found = parser.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    tree: dict[str, Any] = msgspec.json.decode(found[0][0])
    if tree["error"]:
        why = tree.get("error_message", "")
        if tree.get("error_type") == "not implemented":
            why = "only SELECT, WITH, DESCRIBE and EXPLAIN of these are allowed; the views are read-only"
        raise QueryRefused(why)
    return tree


def _walk(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a parsed statement."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _walk(inner)


def _ctes(node: dict[str, Any]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = node.get("cte_map", {}).get("map", [])
    return entries


def _check_node(node: dict[str, Any], allowed: Collection[str], views: Collection[str]) -> None:
    kind = node.get("type")
    if not isinstance(kind, str):
        return
    if kind.endswith("_NODE") and kind not in _NODES:
        raise QueryRefused(f"{kind.removesuffix('_NODE').lower()} is not allowed; the views are read-only")
    if kind == "BASE_TABLE":
        _check_table(node["qualified_name"]["path"], allowed, views)
    elif kind == "TABLE_FUNCTION":
        _check_table_function(node["function"]["function_name"])
    elif kind == "SHOW_REF" and node.get("query") is None:
        _check_table([node["table_name"].strip('"')], allowed, views)


def _check_table(path: list[str], allowed: Collection[str], views: Collection[str]) -> None:
    *qualifiers, name = path
    if name.lower() not in allowed or qualifiers not in ([], [_OUR_SCHEMA]):
        known = ", ".join(sorted(views))
        raise QueryRefused(
            f"there is no view {'.'.join(path)}; the views are {known} (GET /v1/views describes them)"
        )


def _check_table_function(name: str) -> None:
    if name.lower() not in _TABLE_FUNCTIONS:
        known = ", ".join(sorted(_TABLE_FUNCTIONS))
        raise QueryRefused(f"the table function {name} is not allowed; these are: {known}")
