"""The checks of `ticketyard doctor`: each returns lines, and none changes anything."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from infra.checks.check import Check
from infra.checks.machine import (
    archives_check,
    disk_check,
    encoder_check,
    java_check,
    memory_check,
    packages_check,
    python_check,
)
from infra.checks.services import (
    intake_check,
    kafka_check,
    model_check,
    port_checks,
    transactions_check,
    webhooks_check,
)
from infra.foundation.settings import InfraSettings


def all_checks(settings: InfraSettings) -> Iterable[Callable[[], Iterable[Check]]]:
    """Return every check, unstarted, in the order of the report."""
    return (
        lambda: [python_check()],
        lambda: [java_check()],
        lambda: [memory_check()],
        lambda: [disk_check(settings.home)],
        lambda: [packages_check()],
        lambda: [archives_check(settings)],
        lambda: [encoder_check(settings)],
        lambda: port_checks(settings),
        lambda: [kafka_check(settings)],
        lambda: transactions_check(settings, now=datetime.now(UTC)),
        lambda: intake_check(settings),
        lambda: webhooks_check(settings),
        lambda: [model_check(settings)],
    )


def running_checks(settings: InfraSettings) -> Iterable[Callable[[], Iterable[Check]]]:
    """Return the checks that say something of a pipeline at work, unstarted, in the order of the report."""
    return (
        lambda: [memory_check(running=True)],
        lambda: [disk_check(settings.home)],
        lambda: [encoder_check(settings)],
        lambda: [kafka_check(settings)],
        lambda: transactions_check(settings, now=datetime.now(UTC)),
        lambda: intake_check(settings),
        lambda: webhooks_check(settings),
        lambda: [model_check(settings)],
    )
