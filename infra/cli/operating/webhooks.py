"""`ticketyard webhooks`: check the file of webhooks, test one of its addresses, or let one begin anew."""

import asyncio
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from infra.foundation.settings import InfraSettings
from schemas.errors import Permanent
from streams.webhooks.addresses import WebhookAddress, Webhooks, read_webhooks
from streams.webhooks.guard import resolve
from streams.webhooks.post import Poster, new_client
from streams.webhooks.signing import SecretMissing, secrets_of, signed_headers

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def command() -> None:
    """Check the file of webhooks, test one of its addresses, or let one begin anew (docs/alerts.md)."""


@command.command()
@click.argument("file", type=_FILE)
def check(*, file: Path) -> int:
    """Say whom FILE tells of what, and whether the secrets are there. The exit code is 1 where one is not."""
    missing = False
    for name, address in read_webhooks(file).addresses.items():
        url = address.parts
        click.echo(f"{name}: {url.scheme}://{url.netloc.decode()} is told of {_wanted(address)}")
        try:
            secrets_of(address.secret_env, os.environ)
        except SecretMissing as error:
            missing = True
            click.echo(f"  {error}")
    return int(missing)


def _wanted(address: WebhookAddress) -> str:
    types = ", ".join(sorted(address.types)) if address.types else "every alert"
    teams = f" of {', '.join(sorted(address.teams))}" if address.teams else ""
    return f"{types}{teams}, priority {address.minimum_priority} and above"


@command.command()
@click.argument("address")
@click.option("--file", type=_FILE, help="The file of webhooks; default: TICKETYARD_WEBHOOKS.")
def test(*, address: str, file: Path | None) -> None:
    """Post one signed test to the address of that name and say how it answered; needs no Kafka."""
    path = file or InfraSettings().webhooks
    if path is None:
        raise Permanent("no webhooks are named: give --file, or set TICKETYARD_WEBHOOKS (docs/alerts.md)")
    webhooks = read_webhooks(path)
    if address not in webhooks.addresses:
        raise Permanent(f"{path} has no address {address!r}; it has {', '.join(webhooks.addresses)}")
    secrets = secrets_of(webhooks.addresses[address].secret_env, os.environ)
    click.echo(f"{address} took it: HTTP {asyncio.run(_posted(webhooks, address, secrets))}")


@command.command()
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do it; without this, only say what would be done.")
def forget(*, address: str, yes: bool) -> None:
    """Let an address begin with what comes from now on, as where tickets.alerts was created again.

    Deletes how far it has been told. Only while no webhooks run.
    """
    from infra.stage_reset import delete_offsets, require_nobody, stamps_of  # noqa: PLC0415 - brings Kafka
    from streams.foundation.settings import StreamSettings  # noqa: PLC0415 - as above
    from streams.webhooks.run import group_of_address  # noqa: PLC0415 - as above

    settings = StreamSettings()
    group = group_of_address(address, settings)
    require_nobody(group, "webhooks", settings)
    offsets = list(stamps_of(group, settings))
    if not offsets:
        raise Permanent(f"group {group} has no offsets: {address} begins with what comes from now on")
    if not yes:
        raise Permanent(
            f"nothing has been deleted; `ticketyard webhooks forget {address} --yes` deletes {len(offsets)} offsets of "
            f"{group}, and what waits for {address} is not told any more"
        )
    delete_offsets(group, offsets, settings)
    click.echo(f"{address} begins with what comes from now on")


async def _posted(webhooks: Webhooks, name: str, secrets: tuple[bytes, ...]) -> int:
    address, now, identity = webhooks.addresses[name], datetime.now(UTC), f"test-{uuid.uuid4().hex}"
    body = msgspec.json.encode({"type": "WebhookTested", "timestamp": now, "id": identity, "data": {}})
    headers = signed_headers(secrets, delivery_id=identity, now=now, body=body)
    async with new_client() as client:
        poster = Poster(client=client, allowed=webhooks.allowed_networks, resolve=resolve)
        return await poster.post(address.url, body, headers, timeout_s=address.timeout_s)
