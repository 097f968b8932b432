"""What a view means, as one sum: rows of two sums of a view must never be added or shown as one.

The sum is computed from all that makes the view, so nobody has to remember to raise a number.
"""

import re
from functools import cache
from hashlib import sha256
from typing import Final

import msgspec

from schemas.views.base_columns import BaseColumn
from schemas.views.code_sums import code_sum
from schemas.views.tables import DUCKDB_MACROS, VIEWS, BaseView, DerivedView, unique_rows_sql

_DIGITS: Final = 16


@cache
def definition_of(name: str) -> str:
    """Return the sum of a view's columns, of its SELECT, of the code of its rows, and of all that it is made of.

    What documentation, comments and docstrings say of it makes no difference. Raises KeyError where there is no view
    of that name.
    """
    view = VIEWS[name]
    parts: list[object] = [name, [_shape(column) for column in view.columns]]
    if isinstance(view, DerivedView):
        parts += [view.sql, DUCKDB_MACROS, [definition_of(source) for source in sorted(sources(view))]]
    elif isinstance(view, BaseView):
        parts += [view.topic, unique_rows_sql(view, view.topic), _row_code()]
    return sha256(msgspec.json.encode(parts)).hexdigest()[:_DIGITS]


def sources(view: DerivedView) -> frozenset[str]:
    """Return the views that a view may be made of: all whose names are words of its SELECT, sometimes one too many."""
    return frozenset(re.findall(r"\w+", view.sql)) & VIEWS.keys() - {view.name}


def _shape(column: BaseColumn) -> tuple[str, str, str]:
    return column.name, column.type, column.absent


def _row_code() -> str:
    """Return the sum of the code that makes rows of records: to a base view what its SELECT is to a derived one."""
    return code_sum("schemas.views.view_rows", within="schemas")
