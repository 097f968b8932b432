"""Which subcommands there are. To add one: a module `infra/cli/<name>.py` with `command`, and a line here.

The module of a name of two words has an underscore between them.
"""

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "demo": "watch the whole pipeline work on simulated tickets, every answer checked",
    "up": "start broker, workers and serving, and keep them running",
    "down": "stop what `up` runs in this home",
    "doctor": "say what is missing or wrong on this machine, and how to mend it",
    "topics": "list, create or describe the pipeline's topics",
    "produce": "publish events: one, from a file, or simulated",
    "replay": "publish a CSV, JSON lines or Parquet file by a mapping",
    "stream": "run one worker of a stage (triage, cases, routing, roster), or reset a stage",
    "train": "train a model bundle on labelled files, or on the taxonomy alone",
    "train update": "teach a model bundle what people have corrected",
    "train sentiment": "train a model of how customers feel",
    "evaluate": "measure a model bundle on labelled files",
    "evaluate sentiment": "measure a model of how customers feel",
    "triage": "show what a model says about a text; needs no Kafka",
    "explain": "show the words and examples that led a model to its answer",
    "taxonomy": "check the taxonomy and the map of renamed, merged and split intents",
    "batch": "archive, recompute the views, retrain; `batch run` does all of it",
    "models": "list, show, promote and roll back models; try one as shadow or canary",
    "serve": "answer analysts: SQL and HTTP over batch views and the realtime tail",
    "query": "run SQL against the running server and print a table",
    "dead": "list, show, repair and replay dead letters",
}
"""Name to one line of help. The line is here so that `--help` imports no command."""
