"""Names that reach into nested values: `fields.summary`, `comments[0].body`, `comments[].body`."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d*)\]")
_EACH: Final = "[]"

Values = Mapping[str, Any]


def value_at(values: Values, path: str) -> Any:
    """Return what a path leads to; None where it leads nowhere.

    A column of exactly this name comes first, dots and brackets or not. `[2]` is one item of a list, counted from 0;
    `[]` each of them, so the result is a list. What is no list is a list of itself.
    """
    if path in values:
        return values[path]
    return _follow(values, _steps(path)) if _is_path(path) else None


def is_there(values: Values, path: str) -> bool:
    """Say whether a row has what a path names, be it blank."""
    if path in values:
        return True
    if not _is_path(path):
        return False
    *outer, last = _steps(path)
    holders = _holders([values], outer)
    if isinstance(last, str):
        return any(isinstance(holder, Mapping) and last in holder for holder in holders)
    return any(holder is not None for holder in holders)


def each_of(path: str) -> str | None:
    """Return the path of the list that a path goes through item by item; None if it does not."""
    before, found, _ = path.partition(_EACH)
    return before if found else None


def root_of(path: str) -> str:
    """Return the column that a path begins with."""
    return str(_steps(path)[0]) if _is_path(path) else path


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, one value as a list of it, nothing as none: who has one item often omits the list."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def leaves(values: Values) -> set[str]:
    """Return the paths of everything in a row that is no object and no list of objects."""
    found: set[str] = set()
    for name, value in values.items():
        for inner in value if isinstance(value, list) else [value]:
            mark = _EACH if isinstance(value, list) and isinstance(inner, Mapping) else ""
            found |= (
                {f"{name}{mark}.{path}" for path in leaves(inner)} if isinstance(inner, Mapping) else {name}
            )
        if value in ([], {}):
            found.add(name)
    return found


@cache
def _is_path(path: str) -> bool:
    return any(mark in path for mark in ".[")


@cache
def _steps(path: str) -> tuple[str | int | None, ...]:
    """Return names, indices, and None for `[]`."""
    return tuple(
        name or (int(index) if index else None)
        for name, index in ((found[1], found[2]) for found in _STEP.finditer(path))
    )


def _follow(value: Any, steps: tuple[str | int | None, ...]) -> Any:
    for at, step in enumerate(steps):
        if step is None:
            rest = steps[at + 1 :]
            return [_follow(item, rest) for item in as_list(value)]
        value = _step(value, step)
        if value is None:
            return None
    return value


def _step(value: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, Mapping) else None
    items = as_list(value)
    return items[step] if step < len(items) else None


def _holders(values: list[Any], steps: list[str | int | None]) -> list[Any]:
    for step in steps:
        if step is None:
            values = [item for value in values for item in as_list(value)]
        else:
            values = [_step(value, step) for value in values]
    return values
