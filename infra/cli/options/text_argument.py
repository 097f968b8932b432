"""A text as an argument: one that begins with `-` is a text too."""

import re

import click

_SPACE = re.compile(r"\s")


class TextCommand(click.Command):
    """A command whose argument is a text that somebody wrote, as mails with a boundary line begin with `--`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read options and text; a word that begins with `-` and holds a space is the text, unless it names an option.

        Raises UsageError that says what to do for one word that looks like an option and is none.
        """
        try:
            return super().parse_args(ctx, self._text_last(args))
        except click.NoSuchOption as error:
            raise click.UsageError(
                f"{error.format_message()} If it is the text, put -- before it: `ticketyard {self.name} -- "
                f'"{error.option_name}…"`.',
                ctx,
            ) from error

    def _text_last(self, args: list[str]) -> list[str]:
        if "--" in args:
            return args
        names = {name for option in self.params if isinstance(option, click.Option) for name in option.opts}
        texts = [
            arg
            for arg in args
            if arg.startswith("-") and _SPACE.search(arg) and arg.partition("=")[0] not in names
        ]
        return [*(arg for arg in args if arg not in texts), "--", *texts] if texts else args
