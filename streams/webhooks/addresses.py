"""The file of webhooks, which a person edits: who is told of which alerts, and how."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final

import httpx
import yaml
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from schemas.edited_file import EditedFile, line_of
from schemas.errors import Permanent
from schemas.records.derived.alert_fields import AlertFields
from schemas.records.derived.alerts import ALERTS
from schemas.vocabulary import PRIORITY_RANK, Priority
from streams.webhooks.guard import literal_refusal

Network = IPv4Network | IPv6Network

_LAST_PORT: Final = 65_535


class WebhooksError(Permanent):
    """The file of webhooks cannot be used; the message names the file, each place and what to mend."""


def _url(text: str) -> str:
    try:
        url = httpx.URL(text)
        url.host.encode("idna")  # as the system does before it resolves the name
    except (httpx.InvalidURL, UnicodeError) as error:
        raise PydanticCustomError(
            "url", "is no address ({why}): write https://host/path", {"why": str(error)}
        ) from error
    if url.scheme not in {"https", "http"} or not url.host:
        raise PydanticCustomError("url", "is no address: write https://host/path")
    if url.port is not None and not 0 < url.port <= _LAST_PORT:
        raise PydanticCustomError("url", "has no port that there is: 1 to {last}", {"last": _LAST_PORT})
    if url.userinfo or url.fragment:
        raise PydanticCustomError(
            "url", "must not carry a user, a password or a fragment: sign by secret_env"
        )
    return text


def _alert_type(name: str) -> str:
    if name not in ALERTS:
        known = ", ".join(sorted(ALERTS))
        raise PydanticCustomError("alert", "is no type of alert: use some of {known}", {"known": known})
    return name


class WebhookAddress(BaseModel, frozen=True, extra="forbid"):
    """One address: where alerts go, which of them, and what they are signed with.

    `types` and `teams` are all where they are left out. An alert about no ticket has no priority, so `minimum_priority`
    does not keep it away. Times are seconds: `timeout_s` of one attempt, `deadline_s` from the alert to giving it up.
    """

    url: Annotated[str, AfterValidator(_url)]
    secret_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    types: frozenset[Annotated[str, AfterValidator(_alert_type)]] | None = None
    teams: frozenset[str] | None = None
    minimum_priority: Priority = Priority.LOW
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    deadline_s: Annotated[float, Field(gt=0, le=86_400)] = 900.0

    @property
    def parts(self) -> httpx.URL:
        """The address, taken apart as it is when an alert is posted."""
        return httpx.URL(self.url)

    def wants(self, alert_type: str, alert: AlertFields) -> bool:
        """Tell whether this address is to be told of an alert."""
        rank = PRIORITY_RANK[alert.priority or Priority.CRITICAL]
        return (
            (self.types is None or alert_type in self.types)
            and (self.teams is None or alert.team in self.teams)
            and rank >= PRIORITY_RANK[self.minimum_priority]
        )


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


class Webhooks(BaseModel, frozen=True, extra="forbid"):
    """The whole file. Addresses on this machine or in a private network are refused outside of `allowed_networks`."""

    addresses: Annotated[dict[Name, WebhookAddress], Field(min_length=1)]
    allowed_networks: tuple[Network, ...] = ()


_EDITED: Final = "the file of webhooks"


def read_webhooks(path: Path) -> Webhooks:
    """Read the file. Raises WebhooksError with every mistake, its line and what to do."""
    file = EditedFile(str(path), _EDITED, WebhooksError)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WebhooksError(
            f"{path}: cannot be read ({error.strerror}); TICKETYARD_WEBHOOKS names it"
        ) from error
    webhooks, root = file.check(data, Webhooks)
    problems = list(_refused(webhooks, root))
    if problems:
        raise file.refusal(problems)
    return webhooks


def _refused(webhooks: Webhooks, root: yaml.Node | None) -> list[str]:
    found = []
    for name, address in webhooks.addresses.items():
        why = literal_refusal(address.parts, webhooks.allowed_networks)
        if why is not None:
            line = line_of(["addresses", name, "url"], root)
            found.append(f"line {line}: addresses > {name} > url: {why}")
    return found
