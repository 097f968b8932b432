"""The file of webhooks: what it may say, what is refused with its line, and which alerts an address wants."""

from pathlib import Path

import pytest

from schemas.records.derived.alert_fields import AlertFields
from schemas.vocabulary import Priority
from streams.webhooks.addresses import WebhookAddress, Webhooks, WebhooksError, read_webhooks

GOOD = """\
addresses:
  pagers:
    url: https://hooks.example.com/a
    secret_env: PAGERS
    minimum_priority: high
    teams: [billing]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "webhooks.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def with_url(url: str, networks: str = "[]") -> str:
    return GOOD.replace("https://hooks.example.com/a", url) + f"allowed_networks: {networks}\n"


def test_a_file_is_read(tmp_path: Path) -> None:
    """What it leaves out has a default."""
    found = read_webhooks(written(tmp_path, GOOD)).addresses["pagers"]
    assert (found.types, found.teams, found.timeout_s) == (None, frozenset({"billing"}), 10.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("high", "very"), r"line 5: addresses > pagers > minimum_priority"),
        (GOOD.replace("pagers", "Pagers!"), r"line 2: addresses > Pagers!"),
        (GOOD.replace("PAGERS", "not a name"), r"line 4: addresses > pagers > secret_env"),
        (GOOD + "    typos: 1\n", r"line 7: addresses > pagers > typos"),
        (GOOD + "    types: [SlaBroken]\n", r"line 7: .*is no type of alert: use some of"),
        (GOOD + "    timeout_s: 0\n", r"line 7: addresses > pagers > timeout_s"),
        ("addresses: {}\n", r"line 1: addresses"),
        (with_url("ftp://x/y"), r"line 3: .*is no address: write https://host/path"),
        (with_url("https://a..invalid/"), r"line 3: .*is no address \(.*: write https://host/path"),
        (with_url(f"https://{'l' * 64}.invalid/"), r"line 3: .*is no address \("),
        (with_url("https://xn--a.invalid/"), r"line 3: .*is no address \("),
        (with_url("https://./"), r"line 3: .*is no address \("),
        (with_url("https://a.invalid:x/"), r"line 3: .*is no address \("),
        (with_url("https://[::1"), r"line 3: .*is no address"),
        (with_url('"https://a.invalid/\\x7f"'), r"line 3: .*is no address \("),
        (with_url("https://a.invalid:65536/"), r"line 3: .*1 to 65535"),
        (with_url("https://a.invalid:0/"), r"line 3: .*1 to 65535"),
        (with_url("https://user:pass@x/y"), r"line 3: .*must not carry a user"),
        (with_url("http://hooks.example.com"), r"line 3: .*use https"),
        (with_url("https://127.0.0.1/a"), r"line 3: .*add its network to allowed_networks"),
        (with_url("https://[::ffff:10.0.0.1]/a"), r"line 3: .*no public address"),
        (with_url("https://169.254.169.254/latest"), r"line 3: .*no public address"),
        (with_url("http://93.184.216.34/a", "[10.0.0.0/8]"), r"line 3: .*reached in clear"),
        (with_url("https://x/a", "[10.0.0.1/8]"), r"line 7: allowed_networks > 0"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """The message names file, line and what to do; a private address is refused where it is written as one.

    A mistyped host was found at the first alert, and then ended the delivery to all addresses.
    """
    with pytest.raises(WebhooksError, match=rf"webhooks\.yaml: (?s:.*){message}"):
        read_webhooks(written(tmp_path, text))


def test_a_private_address_is_allowed_by_its_network(tmp_path: Path) -> None:
    """Within one's own network also http will do."""
    path = written(tmp_path, with_url("http://10.1.2.3:8080/a", "[10.0.0.0/8]"))
    assert read_webhooks(path).addresses["pagers"].parts.port == 8080


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WebhooksError, match="TICKETYARD_WEBHOOKS names it"):
        read_webhooks(tmp_path / "none.yaml")


def address(**fields: object) -> WebhookAddress:
    document = {"addresses": {"a": {"url": "https://x", "secret_env": "S", **fields}}}
    return Webhooks.model_validate(document).addresses["a"]


def test_an_address_wants_what_its_line_says() -> None:
    """Type, team and priority must all fit; what has no priority is about no ticket, and passes."""
    alert = AlertFields(ticket_id="T", team="billing", priority=Priority.HIGH)
    assert address().wants("Anything", alert)
    assert address(types=["SlaBreached"]).wants("SlaBreached", alert)
    assert not address(types=["SlaBreached"]).wants("TicketEscalated", alert)
    assert not address(teams=["legal"]).wants("SlaBreached", alert)
    assert address(minimum_priority="high").wants("SlaBreached", alert)
    assert not address(minimum_priority="critical").wants("SlaBreached", alert)
    assert address(minimum_priority="critical").wants("QueueOverloaded", AlertFields(team="billing"))
