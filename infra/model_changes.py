"""Changes which model decides for pages: by the very command `ticketyard models`, in a process of its own.

Loading a bundle to see that it is whole takes seconds and hundreds of megabytes, which serving has no other use for. A
change that was begun is finished, whatever becomes of the server.
"""

import asyncio
import os

from infra.cli.root import EXIT_STAY_DOWN
from infra.foundation.supervised import SUPERVISED
from infra.pipeline import ticketyard
from serving.acting.model_acts import ModelChange
from serving.foundation.errors import ActRefused, ModelsAway

_USAGE_ERROR = 2


class ModelsByCommand:
    """Runs the command line."""

    async def make(self, change: ModelChange) -> None:
        """Make a change; raise ActRefused or ModelsAway with what the command said."""
        process = await asyncio.create_subprocess_exec(
            *command_of(change),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            # Its exit code then tells what trying again can mend.
            env=os.environ | {SUPERVISED: "1"},
            start_new_session=True,
        )
        _, said = await process.communicate()
        if process.returncode == 0:
            return
        lines = said.decode(errors="replace").strip().splitlines()
        message = lines[-1] if lines else f"`ticketyard models {change.kind}` ended with {process.returncode}"
        if process.returncode in (EXIT_STAY_DOWN, _USAGE_ERROR):
            raise ActRefused(message)
        raise ModelsAway(message)


def command_of(change: ModelChange) -> list[str]:
    """Return the command line of a change; nothing that a person wrote is taken for an option."""
    which = ["--", change.version] if change.kind == "promote" else []
    to = [f"--to={change.version}"] if change.kind == "rollback" else []
    return ticketyard(
        "models",
        change.kind,
        *to,
        f"--reason={change.reason}",
        f"--by={change.by}",
        f"--act={change.act}",
        f"--after={change.after}",
        *which,
    )
