"""A real Kafka on this machine: one KRaft node on loopback, its data in the home folder."""

import base64
import json
import secrets
import subprocess
import time
from pathlib import Path
from random import Random
from typing import Self

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from infra.foundation.prerequisites import java_command
from infra.local.broker_files import LOG4J, BrokerPlace, java_options, server_properties
from infra.local.ports import free_ports, is_free, require_free
from infra.processes.child import Child, ChildSpec
from schemas.errors import Permanent, Transient

DEFAULT_HEAP_MB = 512
_STOP_GRACE_S = 20.0
_FORMAT_TIMEOUT_S = 120.0


class BrokerNotReady(Transient):
    """The broker does not answer (yet), or has ended."""


class LocalKafka:
    """An embedded Kafka broker below `home`: start, wait until ready, stop.

    Without `port` a free one is chosen once and kept over restarts, so clients find the broker again. The
    broker never outlives this process. Also usable as a context manager.
    """

    def __init__(
        self, home: Path, *, jars: Path | None = None, port: int | None = None, heap_mb: int = DEFAULT_HEAP_MB
    ) -> None:
        self.home = home.absolute()
        self.heap_mb = heap_mb
        self.jars = jars or self.home / "jars"
        self._wanted_port = port
        self._child: Child | None = None

    @property
    def folder(self) -> Path:
        """Everything that the broker keeps: configuration and data."""
        return self.home / "kafka"

    @property
    def ports(self) -> tuple[int, int]:
        """The ports that the broker listens on, or will once it is started."""
        place = self._place()
        return place.port, place.controller_port

    @property
    def bootstrap_servers(self) -> str:
        """The address for clients; raises Permanent before `prepare` or `start` has chosen it."""
        return self._place().bootstrap_servers

    @property
    def _archives(self) -> Path:
        return self.jars / "kafka"

    @property
    def pid(self) -> int | None:
        """The broker's process id while it runs."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self, timeout_s: float = 60.0) -> Self:
        """Start the broker and return once it answers requests; does nothing if it runs.

        Raises BrokerNotReady with the end of its log if it dies or is not ready in time.
        """
        if self.pid is None:
            self.prepare()
            self._child = Child(self.child_spec())
        self._wait_until_ready(timeout_s)
        return self

    def stop(self) -> None:
        """Stop the broker in order, after 20 seconds by force; data and port stay."""
        if self._child is not None:
            self._child.stop(_STOP_GRACE_S)
            self._child = None

    def kill(self) -> None:
        """End the broker as a power cut would; for tests of what happens then."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(_STOP_GRACE_S)

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def prepare(self) -> None:
        """Choose the ports, write the configuration and format the data folder, each only where needed.

        Raises Permanent if Java or the archives are missing or the wanted port is taken.
        """
        self._require_archives()
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self._choose_place()
        _write(self.folder / "server.properties", server_properties(place))
        _write(self.folder / "log4j2.properties", LOG4J)
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()

    def child_spec(self) -> ChildSpec:
        """Return how to run the prepared broker, for a supervisor."""
        options = java_options(self.heap_mb, self.folder / "log4j2.properties")
        return ChildSpec(
            name="kafka",
            command=self._java(*options, "kafka.Kafka", str(self.folder / "server.properties")),
            log_file=self.home / "logs" / "kafka.log",
            run_folder=self.home / "run",
        )

    def is_ready(self) -> bool:
        """Ask the broker who is in its cluster; a port that merely listens is not ready."""
        place = self._place()
        # Asking a closed port costs the client's whole timeout; looking first costs nothing.
        return not is_free(place.port) and answers(place.bootstrap_servers)

    def _wait_until_ready(self, timeout_s: float) -> None:
        assert self._child is not None
        deadline = time.monotonic() + timeout_s
        while not self.is_ready():
            code = self._child.poll()
            if code is not None or time.monotonic() > deadline:
                state = (
                    f"ended with code {code}" if code is not None else f"did not answer within {timeout_s} s"
                )
                log = self._child.spec.log_file
                message = f"The Kafka broker {state}. The end of {log}:\n{self._child.last_lines()}"
                self.kill()
                raise BrokerNotReady(message)
            time.sleep(0.05)

    def _choose_place(self) -> BrokerPlace:
        random = Random(secrets.randbits(64))  # noqa: S311 - spreads ports, keeps no secret
        kept = self._read_place()
        if self._wanted_port is not None:
            require_free("TICKETYARD_KAFKA_PORT", self._wanted_port)
        if kept is None or not is_free(kept.port) or not is_free(kept.controller_port):
            ports = free_ports(random, but=[self._wanted_port] if self._wanted_port else [])
            kept = BrokerPlace(next(ports), next(ports), self.folder)
        place = BrokerPlace(self._wanted_port or kept.port, kept.controller_port, self.folder)
        chosen = {"port": place.port, "controller_port": place.controller_port}
        _write(self._place_file, json.dumps(chosen))
        return place

    @property
    def _place_file(self) -> Path:
        return self.folder / "ports.json"

    def _read_place(self) -> BrokerPlace | None:
        if not self._place_file.exists():
            return None
        ports = json.loads(self._place_file.read_text(encoding="utf-8"))
        return BrokerPlace(ports["port"], ports["controller_port"], self.folder)

    def _place(self) -> BrokerPlace:
        place = self._read_place()
        if place is None:
            message = f"The embedded broker of {self.home} has no port yet: start it with `ticketyard up`."
            raise Permanent(message)
        return place

    def _require_archives(self) -> None:
        if not any(self._archives.glob("kafka_2.13-*.jar")):
            message = f"Kafka's archives are not in {self._archives}: run `make setup`."
            raise Permanent(message)

    def _java(self, *arguments: str) -> list[str]:
        java = java_command()
        if java is None:
            message = "Java was not found: run `ticketyard doctor` to see what to install."
            raise Permanent(message)
        return [java, "-cp", f"{self._archives}/*", *arguments]

    def _format(self) -> None:
        # Its first byte is fixed: one id in 64 would start with "-" and be taken for an option.
        cluster_id = base64.urlsafe_b64encode(b"t" + secrets.token_bytes(15)).decode().rstrip("=")
        properties = str(self.folder / "server.properties")
        arguments = ("kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", properties)
        # The tool runs for a second: a full compiler would only cost time.
        command = self._java("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=_FORMAT_TIMEOUT_S, check=False)
        if done.returncode:
            message = f"Kafka's data folder {self.folder}/data could not be formatted: {done.stderr[-2000:]}"
            raise Permanent(message)


def answers(bootstrap_servers: str, timeout_ms: int = 2000) -> bool:
    """Say whether a Kafka at this address tells its brokers, one request, no retries."""
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap_servers,
            request_timeout_ms=timeout_ms,
            bootstrap_timeout_ms=timeout_ms,
        )
    except (KafkaError, OSError):
        return False
    try:
        return bool(admin.describe_cluster()["brokers"])
    except (KafkaError, OSError):
        return False
    finally:
        admin.close()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
