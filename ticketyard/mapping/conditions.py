"""Whether a rule's conditions hold of a row, given its ticket's previous row."""

from collections.abc import Mapping

from ticketyard.mapping.cells import Cells
from ticketyard.mapping.rules import Condition

Previous = Mapping[str, str]
"""The texts of the columns that rules compare with, in the ticket's previous row."""


def holds(condition: Condition, cells: Cells, previous: Previous | None) -> bool:
    """Say whether everything that a condition asks for holds of a row; without a previous row it is the first."""
    first = previous is None
    if condition.first is not None and condition.first != first:
        return False
    if condition.changed is not None and (
        previous is None or all(cells.text(column) == previous[column] for column in condition.changed)
    ):
        return False
    return condition.column is None or _column_holds(condition, condition.column, cells, previous)


def _column_holds(condition: Condition, column: str, cells: Cells, previous: Previous | None) -> bool:
    now = cells.text(column)
    before = None if previous is None else previous[column]
    tests = (
        condition.equals is None or now in condition.equals,
        condition.not_equals is None or now not in condition.not_equals,
        condition.same_as is None or now == cells.text(condition.same_as),
        condition.not_same_as is None or now != cells.text(condition.not_same_as),
        condition.blank is None or condition.blank == (not now),
        condition.was is None or (before is not None and before in condition.was),
        condition.became is None or (now in condition.became and before not in condition.became),
    )
    return all(tests)
