"""The configuration of the embedded broker."""

from pathlib import Path

from infra.local.broker_files import BrokerPlace, java_options, server_properties

PLACE = BrokerPlace(15_001, 15_002, Path("/home/kafka"))


def _properties() -> dict[str, str]:
    lines = server_properties(PLACE).splitlines()
    return {line.partition("=")[0]: line.partition("=")[2] for line in lines}


def test_only_loopback_listens() -> None:
    """No listener is reachable from another machine."""
    listeners = _properties()["listeners"].split(",")
    assert all("://127.0.0.1:" in listener for listener in listeners)
    assert PLACE.bootstrap_servers == "127.0.0.1:15001"


def test_a_misspelt_topic_is_not_created() -> None:
    """Topics come from the contract alone."""
    assert _properties()["auto.create.topics.enable"] == "false"


def test_one_node_replicates_nothing() -> None:
    """Every replication factor is one, or the broker's own topics would never come to be."""
    assert {value for name, value in _properties().items() if name.endswith("replication.factor")} == {"1"}


def test_the_heap_is_what_was_asked_for() -> None:
    """It begins small: a heap that is large from the start is filled with garbage before the first collection."""
    options = java_options(384, Path("log4j2.properties"))
    assert {"-Xms96m", "-Xmx384m"} <= set(options)
