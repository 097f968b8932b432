"""`ticketyard topics`: list, create and describe the pipeline's topics."""

import json

import click
from rich.console import Console
from rich.table import Table

from infra.foundation.settings import InfraSettings
from infra.foundation.topics import admin_client, ensure_topics, mismatches, specs_of, topic_states


@click.group()
def command() -> None:
    """List, create or describe the pipeline's topics on the Kafka that the settings name."""


@command.command("list")
def list_topics() -> None:
    """Print what the contract says about each topic; needs no Kafka."""
    table = Table("topic", "key", "partitions", "cleanup", "kept, days", "largest record, MiB")
    table.columns[0].no_wrap = True
    for spec in specs_of(InfraSettings()):
        retention = int(spec.config.get("retention.ms", "-1"))
        table.add_row(
            spec.name,
            spec.key,
            str(spec.partitions),
            spec.config.get("cleanup.policy", "delete"),
            str(retention // 86_400_000) if retention > 0 else "for ever",
            str(int(spec.config.get("max.message.bytes", 1_048_576)) // 1_048_576),
        )
    Console().print(table)


@command.command("create")
def create_topics() -> None:
    """Create the topics that are missing; refuses where one has another number of partitions."""
    settings = InfraSettings()
    created = ensure_topics(
        settings.kafka_python_options(), specs_of(settings), replication_factor=settings.replication_factor
    )
    click.echo(f"created {', '.join(created)}" if created else "every topic was there already")


@command.command("describe")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def describe_topics(as_json: bool) -> int:
    """Print each topic as Kafka has it; the exit code is 1 if one is missing or does not fit the contract."""
    settings = InfraSettings()
    specs = specs_of(settings)
    with admin_client(settings.kafka_python_options()) as admin:
        states = topic_states(admin, [spec.name for spec in specs])
    if as_json:
        for state in states.values():
            click.echo(json.dumps({"name": state.name, "id": state.topic_id, "partitions": state.partitions}))
    else:
        table = Table("topic", "id", "partitions")
        for state in states.values():
            table.add_row(state.name, state.topic_id or "missing", str(state.partitions))
        Console().print(table)
    wrong = mismatches(specs, states)
    for sentence in wrong:
        click.echo(sentence, err=True)
    return int(bool(wrong) or any(not state.partitions for state in states.values()))
