"""Which SQL readers may run: one SELECT over the documented views, judged by DuckDB's own parser.

It keeps ordinary mistakes and known ways to harm out, with a sentence that says why. It is not what the server's life
rests on: a statement that passes runs in a process of its own (`serving.sql.process`).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import duckdb
import msgspec

from serving.foundation.errors import QueryRefused
from serving.sql.functions import ALLOWED, REPEATING, TABLE_FUNCTIONS

LONGEST_STATEMENT: Final = 32_768
"""Characters of one statement at most: the parser has no time limit, so it is asked about no more."""

LONGEST_LITERAL: Final = 10_000
"""Characters of one text in a statement or a parameter, and values in one list of parameters, at most."""

MOST_SELECTS: Final = 200
"""SELECTs in one statement at most, those of UNION and of subqueries among them."""

MOST_REPEATED: Final = 10_000
"""How often a repeating function may repeat; the number must stand in the statement."""

LEAST_NUMBER: Final = -(2**63)
GREATEST_NUMBER: Final = 2**64 - 1
"""Whole numbers that a parameter may be: what the messages to the processes of SQL can carry."""

DEEPEST: Final = 400
"""Levels of a statement's tree at most; one operator within another is two."""

_EXPLAIN: Final = re.compile(r"\A\s*explain\s+(?:analyze\s+)?", re.IGNORECASE)
_NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_PLAIN_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_OUR_SCHEMA: Final = "main"
_TOO_DEEP: Final = "the statement is nested too deeply; take it apart with WITH, or use lists and IN"

Parameters = Sequence[Any] | Mapping[str, Any] | None


class _Place(NamedTuple):
    """An object of the tree, the names that WITH gives there, and its level."""

    node: dict[str, Any]
    named: frozenset[str]
    level: int


def check_statement(
    parser: duckdb.DuckDBPyConnection, sql: str, views: Collection[str], parameters: Parameters = None
) -> None:
    """Raise QueryRefused unless `sql` is one SELECT, WITH, DESCRIBE or EXPLAIN that reads only `views`.

    `parser` is any connection; nothing is run on it but the parsing itself.
    """
    check_sizes(sql, parameters)
    tree = _parse(parser, _one_statement(parser, sql))
    known = {view.lower() for view in views}
    selects = 0
    for place in _walk(tree):
        selects += place.node.get("type") == "SELECT_NODE"
        if place.level > DEEPEST:
            raise QueryRefused(_TOO_DEEP)
        if selects > MOST_SELECTS:
            raise QueryRefused(f"the statement has more than {MOST_SELECTS} SELECTs; ask for less at once")
        _check_node(place.node, known | place.named, views)


def check_sizes(sql: str, parameters: Parameters) -> None:
    """Raise QueryRefused for a statement or a parameter that is too long to be looked at, or that cannot be sent on."""
    if len(sql) > LONGEST_STATEMENT:
        raise QueryRefused(f"the statement has {len(sql)} characters; {LONGEST_STATEMENT} are allowed")
    found: list[Any] = [parameters]
    while found:
        value = found.pop()
        if isinstance(value, str | Sequence | Mapping) and len(value) > LONGEST_LITERAL:
            raise QueryRefused(f"a parameter is longer than {LONGEST_LITERAL}; send less at once")
        if isinstance(value, int) and not LEAST_NUMBER <= value <= GREATEST_NUMBER:
            raise QueryRefused(
                "a whole number among the parameters needs more than 64 bits; send it as text and CAST it AS HUGEINT"
            )
        if isinstance(value, Mapping):
            found += value.values()
        elif isinstance(value, Sequence) and not isinstance(value, str):
            found += value


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
    try:
        found = parser.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
        tree: dict[str, Any] = msgspec.json.decode(found[0][0])
    except RecursionError as error:
        raise QueryRefused(_TOO_DEEP) from error
    except duckdb.Error as error:
        raise QueryRefused(str(error)) from error
    if tree["error"]:
        why = tree.get("error_message", "")
        if tree.get("error_type") == "not implemented":
            why = "only SELECT, WITH, DESCRIBE and EXPLAIN of these are allowed; the views are read-only"
        raise QueryRefused(why)
    return tree


def _walk(tree: dict[str, Any]) -> Iterator[_Place]:
    """Yield every object of a parsed statement, with the names of WITH that hold where it stands.

    A name holds in the query that its WITH opens and in the entries after its own, as it does for DuckDB: elsewhere the
    same name would be a catalog of the engine.
    """
    waiting: list[tuple[Any, frozenset[str], int]] = [(tree, frozenset(), 0)]
    while waiting:
        value, named, level = waiting.pop()
        if isinstance(value, list):
            waiting += ((inner, named, level) for inner in value)
        elif isinstance(value, dict):
            for entry in value.get("cte_map", {}).get("map", []):
                name, query = _named(entry)
                own = {name} if query.get("type") == "RECURSIVE_CTE_NODE" else set()
                waiting.append((entry["value"], named | own, level + 1))
                named |= {name}
            yield _Place(value, named, level)
            waiting += ((inner, named, level + 1) for inner in _parts(value))


def _parts(node: dict[str, Any]) -> list[Any]:
    """Return what stands within a node; a function in FROM is its arguments, as it streams what it gives."""
    parts = {key: inner for key, inner in node.items() if key != "cte_map"}
    if node.get("type") == "TABLE_FUNCTION":
        parts["function"] = node["function"].get("arguments", [])
    return list(parts.values())


def _named(entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name, query = entry["key"].lower(), entry["value"]["query_node"]
    # Whatever the scope: such a name is never needed, and a file or a catalog bears it.
    if not _PLAIN_NAME.fullmatch(name) or name.startswith(("duckdb_", "pg_", "sqlite_", "pragma_")):
        raise QueryRefused(f"WITH {name!r}: name it with letters, digits and underscores, not as a catalog")
    return name, query


def _check_node(node: dict[str, Any], allowed: Collection[str], views: Collection[str]) -> None:
    kind = node.get("type")
    if "literal" in node:
        _check_literal(node["literal"])
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
    elif "function_name" in node:
        _check_function(node)


def _check_table(path: list[str], allowed: Collection[str], views: Collection[str]) -> None:
    *qualifiers, name = path
    if name.lower() not in allowed or qualifiers not in ([], [_OUR_SCHEMA]):
        known = ", ".join(sorted(views))
        raise QueryRefused(
            f"there is no view {'.'.join(path)}; the views are {known} (GET /v1/views describes them)"
        )


def _check_table_function(name: str) -> None:
    if name.lower() not in TABLE_FUNCTIONS:
        known = ", ".join(sorted(TABLE_FUNCTIONS))
        raise QueryRefused(f"the table function {name} is not allowed; these are: {known}")


def _check_function(node: dict[str, Any]) -> None:
    name = node["function_name"].lower()
    if name not in ALLOWED:
        raise QueryRefused(
            f"the function {name} is not allowed (docs/serving.md links to the list of those that are)"
        )
    arguments = [one["expression"] for one in node.get("arguments", [])]
    for place in REPEATING.get(name, ()):
        if place < len(arguments) and not _is_small(arguments[place]):
            raise QueryRefused(
                f"{name}: say how much by a number in the statement, {MOST_REPEATED} at most"
                " (rows without end come from FROM range(...))"
            )


def _is_small(argument: dict[str, Any]) -> bool:
    literal = argument.get("literal", {})
    return (
        literal.get("kind") == "INTEGER"
        and literal["text"].isdecimal()
        and int(literal["text"]) <= MOST_REPEATED
    )


def _check_literal(literal: Any) -> None:
    if isinstance(literal, dict) and len(literal.get("text") or "") > LONGEST_LITERAL:
        raise QueryRefused(f"a text in the statement is longer than {LONGEST_LITERAL} characters")
