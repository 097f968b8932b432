"""Which subcommands there are. To add one: a module `infra/cli/<name>.py` with `command`, and a line here."""

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "up": "start broker, workers and serving, and keep them running",
    "down": "stop what `up` runs in this home",
    "doctor": "say what is missing or wrong on this machine, and how to mend it",
    "topics": "list, create or describe the pipeline's topics",
    "stream": "run one worker of a stage: triage, cases, routing or roster",
}
"""Name to one line of help. The line is here so that `--help` imports no command."""
