"""Options of `ticketyard train` that would do nothing beside others are refused, not passed over in silence."""

from typing import Final, NamedTuple

import click
from click.core import ParameterSource

_KEPT_BY_UPDATES: Final = frozenset(
    {
        "encoder",
        "high_accuracy",
        "master",
        "medium_accuracy",
        "quality",
        "search",
        "seed",
        "sentiment",
    }
)
"""An update keeps what its base was trained with: these options would do nothing."""

_OF_AN_UPDATE: Final = frozenset({"corrections"})
OF_INTENTS: Final = (
    _KEPT_BY_UPDATES | _OF_AN_UPDATE | {"card", "keep_examples", "taxonomy", "threads", "update_from"}
)
"""Options by which a model of intents is trained, and a sentiment model is not."""


class _Useless(NamedTuple):
    names: frozenset[str]
    why: str


_WITH_SENTIMENT: Final = _Useless(
    OF_INTENTS, "with --task sentiment: it learns from labelled files and the packaged examples alone"
)
_WITH_UPDATE: Final = _Useless(
    _KEPT_BY_UPDATES, "with --update-from: an update keeps what its base was trained with"
)
_WITHOUT_UPDATE: Final = _Useless(_OF_AN_UPDATE, "without --update-from: name the bundle to teach with it")


def refuse_useless_options(context: click.Context) -> None:
    """Raise UsageError for the first option given that does nothing beside the others.

    A flag that is said to be off, such as --no-card, asks for nothing and is let pass.
    """
    useless = _useless_in(context)
    for option in context.command.params:
        name = option.name or ""
        if name not in useless.names or context.params[name] is False:
            continue
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option.opts[0]} does nothing {useless.why}", context)


def _useless_in(context: click.Context) -> _Useless:
    if context.params["task"] == "sentiment":
        return _WITH_SENTIMENT
    return _WITHOUT_UPDATE if context.params["update_from"] is None else _WITH_UPDATE
