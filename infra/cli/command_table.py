"""Which subcommands there are, and where. To add one: a module with `command` in a folder here, and a line below.

The module of a name of two words has an underscore between them.
"""

from typing import Final, NamedTuple


class Subcommand(NamedTuple):
    """The folder of `infra/cli` that holds a subcommand's module, and its line of help."""

    folder: str
    help: str


EXTRAS: Final = {
    "operating": "streams,batch,serving",
    "tickets": "cli,arrow",
    "training": "batch",
    "models": "batch",
    "sla": "casework,cli",
    "stream": "streams",
    "dead": "streams",
    "simulate": "simulation",
    "serve": "serving",
    "rules": "batch",
}
"""What has to be installed for a command, by its name, else by its folder."""

COMMANDS: Final[dict[str, Subcommand]] = {
    "demo": Subcommand(
        "operating", "watch the whole pipeline work on simulated tickets, every answer checked"
    ),
    "up": Subcommand("operating", "start broker, workers and serving, and keep them running"),
    "down": Subcommand("operating", "stop what `up` runs in this home"),
    "doctor": Subcommand("operating", "say what is missing or wrong on this machine, and how to mend it"),
    "topics": Subcommand("operating", "list, create or describe the pipeline's topics"),
    "produce": Subcommand("tickets", "publish events: one, from a file, or simulated"),
    "replay": Subcommand("tickets", "publish, check or map a file: CSV, JSON, XLSX, Parquet"),
    "stream": Subcommand("operating", "run one worker of a stage, the HTTP door or webhooks; reset a stage"),
    "webhooks": Subcommand(
        "operating", "check the file of webhooks, test one of its addresses, or let one begin anew"
    ),
    "train": Subcommand("training", "train a model bundle on labelled files, or on the taxonomy alone"),
    "train update": Subcommand("training", "teach a model bundle what people have corrected"),
    "train sentiment": Subcommand("training", "train a model of how customers feel"),
    "train predictions": Subcommand(
        "training", "train on the archive what becomes of tickets: time, breach, reopening, satisfaction"
    ),
    "evaluate": Subcommand("training", "measure a model bundle on labelled files"),
    "evaluate sentiment": Subcommand("training", "measure a model of how customers feel"),
    "triage": Subcommand("models", "show what a model says about a text; needs no Kafka"),
    "explain": Subcommand("models", "show the words and examples that led a model to its answer"),
    "taxonomy": Subcommand("models", "check the taxonomy and the map of renamed, merged and split intents"),
    "batch": Subcommand("models", "archive, recompute the views, retrain; `batch run` does all of it"),
    "models": Subcommand("models", "list, show, promote and roll back models; try one as shadow or canary"),
    "simulate": Subcommand("operating", "compare ways of routing on the same simulated tickets"),
    "serve": Subcommand("operating", "answer analysts: SQL and HTTP over batch views and the realtime tail"),
    "sla": Subcommand("tickets", "check the policies of service and show what they promise"),
    "routing": Subcommand("tickets", "check the rules by which tickets find their agents"),
    "summary": Subcommand(
        "tickets", "show a ticket to whoever takes it over: wishes, tries, mood, what is due"
    ),
    "query": Subcommand("tickets", "run SQL against the running server and print a table"),
    "rules": Subcommand(
        "tickets", "check rules of escalation and SLA policies, and try changed ones on history"
    ),
    "customers": Subcommand("tickets", "check the table of customers, show one over all their tickets"),
    "dead": Subcommand("tickets", "list, show, repair and replay dead letters"),
}
"""By name. The line of help is here so that `--help` imports no command."""
