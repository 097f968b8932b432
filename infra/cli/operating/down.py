"""`ticketyard down`: stop what `up` runs in this home."""

import os
import signal
import time

import click

from infra.foundation.settings import InfraSettings
from infra.processes.home_lock import HomeLock, owner_of
from schemas.errors import Transient


@click.command()
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait for an orderly end.")
def command(timeout: float) -> None:
    """Stop what `ticketyard up` or `demo` runs in this home, and whatever was left behind there."""
    home = InfraSettings().home
    owner = owner_of(home)
    if owner is not None:
        os.kill(owner, signal.SIGTERM)
        _wait_for_end(home_owner=owner, timeout_s=timeout)
    with HomeLock(home) as lock:
        ended = ([f"process {owner}"] if owner else []) + lock.strays
    click.echo(f"stopped {', '.join(ended)}" if ended else f"nothing runs in {home}")


def _wait_for_end(*, home_owner: int, timeout_s: float) -> None:
    home = InfraSettings().home
    deadline = time.monotonic() + timeout_s
    while owner_of(home) == home_owner:
        if time.monotonic() > deadline:
            message = f"Process {home_owner} did not end in {timeout_s:.0f} s: use `kill -9 {home_owner}`."
            raise Transient(message)
        time.sleep(0.1)
