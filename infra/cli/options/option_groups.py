"""Options that several commands share: lists of them, options made from a record, and options that have moved."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

import annotated_types
import click
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

Command = TypeVar("Command", bound=Callable[..., Any])
Option = Callable[[Any], Any]
Record = TypeVar("Record", bound=BaseModel)


def with_options(command: Command, options: Sequence[Option]) -> Command:
    """Add click options to a command; its help shows them in the given order."""
    for option in reversed(options):
        command = option(command)
    return command


def options_of(record: type[BaseModel], *, leave_out: Collection[str] = ()) -> list[Option]:
    """Return one click option a field of a record: its name, type, limits, default and description."""
    return [_option(name, field) for name, field in record.model_fields.items() if name not in leave_out]


def chosen_of(record: type[Record], chosen: Mapping[str, Any]) -> Record:
    """Return the record that the options of `options_of` chose; one that was left out has its default.

    Raises UsageError naming the option where a value is none that the record takes.
    """
    try:
        return record(**{name: chosen[name] for name in record.model_fields if name in chosen})
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
        name = str(wrong["loc"][0]).replace("_", "-")
        raise click.UsageError(f"Invalid value for '--{name}': {wrong['msg']}") from error


def moved_option(name: str, instead: str, *, is_flag: bool = False) -> Option:
    """Return an option that was renamed or moved: whoever still gives it is told what to give instead."""

    def refuse(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value not in (None, False):
            raise click.UsageError(f"{name} is no longer an option here: {instead}", context)

    return click.option(name, hidden=True, expose_value=False, is_flag=is_flag, callback=refuse)


def _option(name: str, field: FieldInfo) -> Option:
    flag = f"--{name.replace('_', '-')}"
    if field.annotation is bool:
        return click.option(flag, name, is_flag=True, default=field.default, help=field.description)
    return click.option(
        flag,
        name,
        type=_click_type(field),
        default=field.default,
        show_default=field.default is not None,
        help=field.description,
    )


def _click_type(field: FieldInfo) -> Any:
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not NoneType]
    if get_origin(field.annotation) is Literal:
        return click.Choice(kinds)
    least: Any = next((limit.ge for limit in field.metadata if isinstance(limit, annotated_types.Ge)), None)
    most: Any = next((limit.le for limit in field.metadata if isinstance(limit, annotated_types.Le)), None)
    if kinds[0] is int:
        return click.IntRange(min=least, max=most)
    if kinds[0] is float:
        return click.FloatRange(min=least, max=most)
    return click.Path(path_type=Path) if kinds[0] is Path else kinds[0]
