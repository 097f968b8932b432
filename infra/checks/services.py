"""Checks of what runs, or is to run: ports, Kafka, the doors, webhooks and the model."""

import os
from collections.abc import Iterator
from datetime import datetime

from infra.checks.check import Check, CheckStatus
from infra.foundation.endpoints import read_endpoints
from infra.foundation.http_probe import gauge_by_address, responds
from infra.foundation.prerequisites import PORT_SETTINGS, port_problem
from infra.foundation.settings import InfraSettings
from infra.foundation.topics import (
    KafkaUnreachable,
    admin_client,
    mismatches,
    specs_of,
    topic_cautions,
    topic_states,
)
from infra.open_transactions import held_back
from schemas.errors import PipelineError


def port_checks(settings: InfraSettings) -> Iterator[Check]:
    """Look whether the ports that settings ask for can be used; what runs here may hold them itself."""
    running = read_endpoints(settings.home) is not None
    for name in PORT_SETTINGS:
        value = os.environ.get(name)
        if value and not running:
            problem = port_problem(name, value)
            yield Check(name, CheckStatus.FAIL if problem else CheckStatus.OK, problem or f"{value} is free")


def kafka_check(settings: InfraSettings) -> Check:
    """Ask the named Kafka, if any, for its topics."""
    if not settings.bootstrap_servers:
        return Check("kafka", CheckStatus.OK, "none runs here and none is named; `ticketyard up` starts one")
    specs = specs_of(settings)
    try:
        with admin_client(settings.kafka_python_options(), timeout_ms=5_000) as admin:
            states = topic_states(admin, [spec.name for spec in specs])
    except KafkaUnreachable as error:
        return Check("kafka", CheckStatus.FAIL, str(error))
    wrong = mismatches(specs, states)
    if wrong:
        return Check("kafka", CheckStatus.FAIL, "\n".join(wrong))
    missing = [name for name, state in states.items() if not state.partitions]
    if missing:
        detail = f"{settings.bootstrap_servers} lacks {len(missing)} topics, such as {missing[0]}"
        return Check("kafka", CheckStatus.WARN, detail, "Run `ticketyard topics create`.")
    if careless := topic_cautions(states):
        return Check("kafka", CheckStatus.WARN, "\n".join(careless))
    return Check("kafka", CheckStatus.OK, f"{settings.bootstrap_servers} has all {len(specs)} topics")


def transactions_check(settings: InfraSettings, *, now: datetime) -> Iterator[Check]:
    """Look for transactions that a producer left open: serving, the archive and the stages wait behind them."""
    if not settings.bootstrap_servers:
        return
    names = [spec.name for spec in specs_of(settings)]
    try:
        found = held_back(settings.kafka_python_options(), names, now=now)
    except KafkaUnreachable:
        return  # the check of Kafka has said so
    for one in found:
        mend = (
            "End or restart that producer; Kafka aborts the transaction by itself after its transaction.timeout.ms. "
            f"One that stays: `kafka-transactions.sh --bootstrap-server {settings.bootstrap_servers} abort "
            f"--topic {one.topic} --partition {one.partition} --start-offset {one.offset}`."
        )
        yield Check("transactions", CheckStatus.FAIL, str(one), mend)


def intake_check(settings: InfraSettings) -> Iterator[Check]:
    """Ask the HTTP door for events whether it is ready, or whether it could start where `up` is to run it."""
    running = read_endpoints(settings.home)
    if running is not None and running.intake_url:
        ready = responds(f"{running.intake_url}/ready", good=True)
        detail = f"{running.intake_url} {'takes events' if ready else 'is not ready'}"
        mend = "" if ready else f"Look at {running.intake_url}/ready, which says why."
        yield Check("intake", CheckStatus.OK if ready else CheckStatus.FAIL, detail, mend)
    elif settings.intake:
        # Litestar and Kafka's client take half a second to load.
        from streams.foundation.settings import StreamSettings  # noqa: PLC0415
        from streams.intake.callers import require_key  # noqa: PLC0415

        try:
            require_key(StreamSettings())
        except PipelineError as error:
            yield Check("intake", CheckStatus.FAIL, str(error))


def webhooks_check(settings: InfraSettings) -> Iterator[Check]:
    """Ask the webhooks that run here which addresses they leave alone now, because these have failed in a row."""
    running = read_endpoints(settings.home)
    url = None if running is None else running.metrics_urls.get("webhooks")
    if url is None:
        return
    from streams.webhooks.metrics import CIRCUIT  # noqa: PLC0415 - brings Prometheus' client, as above

    circuits = gauge_by_address(url, CIRCUIT)
    if circuits is None:
        yield Check("webhooks", CheckStatus.FAIL, f"{url} does not answer", "Look at webhooks.log.")
    elif failing := sorted(name for name, is_open in circuits.items() if is_open):
        detail = f"circuit open: {', '.join(failing)} failed again and again, and is tried every 30 s"
        mend = "Mend the address; `ticketyard dead list --stage webhooks/NAME` has what was given up."
        yield Check("webhooks", CheckStatus.WARN, detail, mend)
    else:
        yield Check("webhooks", CheckStatus.OK, f"{len(circuits)} addresses, no circuit is open")


def model_check(settings: InfraSettings) -> Check:
    """Look for the current model bundle."""
    # The inference engine takes a second to load.
    from understanding.bundle.registry import check_published, first_model  # noqa: PLC0415
    from understanding.manifest.pointer import read_current  # noqa: PLC0415

    mend = "Run `ticketyard batch train`."
    try:
        models = settings.models_folder
        current = read_current(models)
        if current is not None:
            check_published(current, models)
        first = first_model(settings.first_models_folder)
    except PipelineError as error:
        return Check("model", CheckStatus.FAIL, str(error), mend)
    if current is not None:
        return Check("model", CheckStatus.OK, current.version)
    if first is not None:
        detail = f"none published yet in {models}; all begin with the one of the first day, {first.version}"
        return Check("model", CheckStatus.OK, detail)
    detail = f"none published yet in {models}, and set-up made none"
    return Check("model", CheckStatus.WARN, detail, "Run `make setup`.")
