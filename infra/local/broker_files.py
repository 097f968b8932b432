"""What an embedded broker is configured with: pure text, no I/O."""

from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True)
class BrokerPlace:
    """Where one broker lives: its ports on 127.0.0.1 and its folder."""

    port: int
    controller_port: int
    folder: Path

    @property
    def bootstrap_servers(self) -> str:
        """The address for clients."""
        return f"127.0.0.1:{self.port}"


_OF_ONE_NODE = {
    # Nothing can be replicated.
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # Few partitions start fast; the groups and transactions of one machine do not need fifty.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    # After kill -9 the controller waits this long before it lets the same node register again.
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "500",
    # Twice a second by default, for replicas that fall behind: a quarter of what an idle node takes.
    "metadata.max.idle.interval.ms": "5000",
    # A single voter has nobody to wait for when it elects itself.
    "controller.quorum.election.timeout.ms": "100",
    "controller.quorum.election.backoff.max.ms": "100",
}
_OF_CLIENTS = {
    # A misspelt topic is an error, not a new topic with the wrong number of partitions.
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # An offset commit is on the path of every step: do not wait for others to batch with.
    "group.coordinator.append.linger.ms": "0",
    "message.max.bytes": str(16 * MIB),
}
_OF_A_SMALL_MACHINE = {
    # The default of 128 MB is a quarter of the small heap.
    "log.cleaner.dedupe.buffer.size": str(32 * MIB),
    "log.cleaner.backoff.ms": "2000",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
}


def server_properties(place: BrokerPlace) -> str:
    """Return server.properties of a single node that is broker and controller, loopback only."""
    of_place = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{place.controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{place.port},CONTROLLER://127.0.0.1:{place.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{place.port}",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(place.folder / "data"),
    }
    lines = of_place | _OF_ONE_NODE | _OF_CLIENTS | _OF_A_SMALL_MACHINE
    return "".join(f"{name}={value}\n" for name, value in lines.items())


LOG4J = """\
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{yyyy-MM-dd'T'HH:mm:ss.SSS} %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
"""
"""The broker's own log: warnings and its start and stop, into the log file of the process."""


_FIRST_HEAP_MB = 96
"""The heap grows where what is live does not fit: given all of it, the broker fills it with garbage first."""


def java_options(heap_mb: int, log4j_file: Path) -> list[str]:
    """Return the options of the broker's JVM, for one or two cores that it shares with the whole pipeline.

    Serial collection is the leanest, and the quick compiler alone keeps the optimising one from taking the cores
    for minutes after the start: a broker that lives on a laptop gives less in its peak and much more before it
    (docs/measurements/speed.md).
    """
    return [
        f"-Xms{_FIRST_HEAP_MB}m",
        f"-Xmx{heap_mb}m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-XX:+ExitOnOutOfMemoryError",
        "-Xshare:auto",
        "-Djava.awt.headless=true",
        "-Djava.net.preferIPv4Stack=true",
        f"-Dlog4j2.configurationFile={log4j_file}",
    ]
