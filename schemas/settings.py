"""Settings that every layer shares: where Kafka is, how to log in, and where the data lies."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.errors import Permanent
from schemas.local_folder import local_folder

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]

_LOGIN_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


class CommonSettings(BaseSettings):
    """What all parts must agree on; read once from TICKETYARD_* variables, never changed afterwards.

    A layer's own settings class derives from this one, so one set of variables configures everything.
    """

    model_config = SettingsConfigDict(
        env_prefix="TICKETYARD_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    bootstrap_servers: str = Field(
        default="", description="Kafka's host:port list; empty means the embedded broker of this home."
    )
    security_protocol: SecurityProtocol = Field(
        default="PLAINTEXT", description="How to talk to Kafka: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."
    )
    sasl_mechanism: str = Field(default="", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.")
    sasl_username: str = Field(default="", description="User name for SASL.")
    sasl_password: SecretStr = Field(default=SecretStr(""), description="Password for SASL.")
    ssl_ca_location: Path | None = Field(default=None, description="PEM file with the authorities to trust.")
    ssl_certificate_location: Path | None = Field(default=None, description="PEM file with our certificate.")
    ssl_key_location: Path | None = Field(default=None, description="PEM file with our private key.")
    ssl_key_password: SecretStr = Field(default=SecretStr(""), description="Password of the private key.")

    home: Path = Field(
        default=Path(".ticketyard"), description="Folder of all that is kept: broker, logs, data."
    )
    setup_folder: str = Field(
        default="", description="Folder that `make setup` filled with jars and encoder; default <home>."
    )
    history_uri: str = Field(default="", description="Archive of the logs; default <home>/history.")
    views_uri: str = Field(default="", description="Batch views and their manifest; default <home>/views.")
    models_uri: str = Field(default="", description="Model bundles; default <home>/models.")
    taxonomy: Path = Field(
        default=Path(__file__).with_name("taxonomy.yaml"), description="The taxonomy file that a user edits."
    )
    priorities: Path = Field(
        default=Path(__file__).with_name("priorities.yaml"),
        description="The table of priorities that a user edits.",
    )
    automatic_mail: Path = Field(
        default=Path(__file__).with_name("automatic_mail.yaml"),
        description="What mail of machines and mere thanks do not do: a table that a user edits.",
    )
    intent_map: Path = Field(
        default=Path(__file__).with_name("intent_map.yaml"),
        description="What became of intents that were renamed, merged or split: a file that a user edits.",
    )
    webhooks: Path | None = Field(
        default=None,
        description="Whom to tell of alerts by webhooks: a file that a user edits; unset is nobody.",
    )
    data: Path = Field(default=Path("../shared/data"), description="Folder of public data sets, read-only.")

    topic_prefix: str = Field(
        default="", description="Stands before the name of every topic, group and transaction."
    )
    ticket_partitions: int = Field(default=4, ge=1, description="Partitions of every topic keyed by ticket.")
    team_partitions: int = Field(default=4, ge=1, description="Partitions of every topic keyed by team.")
    agent_partitions: int = Field(default=4, ge=1, description="Partitions of every topic keyed by agent.")
    replication_factor: int = Field(
        default=-1, description="Copies of each topic; -1 is the broker's default."
    )
    intake_key: SecretStr = Field(
        default=SecretStr(""),
        description="The key of who may send events: as `authorization: Bearer KEY` to the HTTP door, and to sign in "
        "on pages; empty asks for none.",
    )
    clock: Literal["wall", "event"] = Field(
        default="wall",
        description="What timers run on: the wall clock, or event time when replaying history.",
    )

    @model_validator(mode="before")
    @classmethod
    def _derive_paths(cls, values: dict[str, Any]) -> dict[str, Any]:
        home = Path(values.get("home") or ".ticketyard").absolute()
        derived = {
            name: str(home / name.removesuffix("_uri")) for name in ("history_uri", "views_uri", "models_uri")
        }
        derived["setup_folder"] = str(home)
        return {**values, "home": home, **{name: values.get(name) or path for name, path in derived.items()}}

    @property
    def encoder_folder(self) -> Path:
        """Where set-up put the published encoder (`understanding.encoder.prepared_encoder`)."""
        return Path(self.setup_folder) / "encoder"

    @property
    def first_models_folder(self) -> Path:
        """Where set-up put the model of the first day, which a home begins with."""
        return Path(self.setup_folder) / "first-model"

    @property
    def jars_folder(self) -> Path:
        """Where set-up put the Java archives: one folder each for `kafka` and `spark`."""
        return Path(self.setup_folder) / "jars"

    @property
    def history_folder(self) -> Path:
        """Where the archive of the logs lies. Raises StorageUnsupported, as do the next two."""
        return local_folder(self.history_uri, "TICKETYARD_HISTORY_URI")

    @property
    def views_folder(self) -> Path:
        """Where batch views and their manifests lie."""
        return local_folder(self.views_uri, "TICKETYARD_VIEWS_URI")

    @property
    def models_folder(self) -> Path:
        """Where model bundles and the pointer to the current one lie."""
        return local_folder(self.models_uri, "TICKETYARD_MODELS_URI")

    @property
    def intake_address_file(self) -> Path:
        """Where a running HTTP door for events says where it listens: `{"url": …, "pid": …}`."""
        return self.home / "run" / "intake.json"

    @property
    def logs_folder(self) -> Path:
        """Where the supervisor keeps one log file a part."""
        return self.home / "logs"

    def required_bootstrap_servers(self) -> str:
        """Return Kafka's address; raise Permanent where none is given."""
        if not self.bootstrap_servers:
            message = (
                "No Kafka is named: set TICKETYARD_BOOTSTRAP_SERVERS to a host:port list, "
                "or start the embedded broker with `ticketyard up`."
            )
            raise Permanent(message)
        return self.bootstrap_servers

    def confluent_options(self) -> dict[str, str]:
        """Connection options for librdkafka clients (confluent-kafka)."""
        return _without_blanks(
            {
                "bootstrap.servers": self.required_bootstrap_servers(),
                "security.protocol": self.security_protocol,
                "sasl.mechanism": self.sasl_mechanism,
                "sasl.username": self.sasl_username,
                "sasl.password": self.sasl_password.get_secret_value(),
                "ssl.ca.location": self.ssl_ca_location,
                "ssl.certificate.location": self.ssl_certificate_location,
                "ssl.key.location": self.ssl_key_location,
                "ssl.key.password": self.ssl_key_password.get_secret_value(),
            }
        )

    def kafka_python_options(self) -> dict[str, Any]:
        """Connection options for kafka-python's producer, consumer and admin client."""
        return {"reconnect_backoff_max_ms": _RECONNECT_WITHIN_MS} | _without_blanks(
            {
                "bootstrap_servers": self.required_bootstrap_servers(),
                "security_protocol": self.security_protocol,
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password.get_secret_value(),
                "ssl_cafile": self.ssl_ca_location,
                "ssl_certfile": self.ssl_certificate_location,
                "ssl_keyfile": self.ssl_key_location,
                "ssl_password": self.ssl_key_password.get_secret_value(),
            }
        )

    def spark_kafka_options(self, read_text: Callable[[Path], str] = _read) -> dict[str, str]:
        """Options for Spark's Kafka source; Java wants certificates inline, so `read_text` reads them."""
        own = {
            "ssl.truststore.certificates": self.ssl_ca_location,
            "ssl.keystore.certificate.chain": self.ssl_certificate_location,
            "ssl.keystore.key": self.ssl_key_location,
        }
        inline = {name: read_text(path) for name, path in own.items() if path is not None}
        options = {
            "bootstrap.servers": self.required_bootstrap_servers(),
            "security.protocol": self.security_protocol,
            "sasl.mechanism": self.sasl_mechanism,
            "sasl.jaas.config": self._jaas_line(),
            "ssl.truststore.type": "PEM" if self.ssl_ca_location else "",
            "ssl.keystore.type": "PEM" if self.ssl_certificate_location else "",
            "ssl.key.password": self.ssl_key_password.get_secret_value(),
            **inline,
        }
        return {f"kafka.{name}": value for name, value in _without_blanks(options).items()}

    def _jaas_line(self) -> str:
        if not self.sasl_mechanism:
            return ""
        module = _LOGIN_MODULES.get(self.sasl_mechanism)
        if module is None:
            message = (
                f"TICKETYARD_SASL_MECHANISM={self.sasl_mechanism} cannot be passed on to Spark: "
                f"use one of {', '.join(_LOGIN_MODULES)}."
            )
            raise Permanent(message)
        quoted = [_jaas_quote(text) for text in (self.sasl_username, self.sasl_password.get_secret_value())]
        return f"{module} required username={quoted[0]} password={quoted[1]};"


def _jaas_quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_RECONNECT_WITHIN_MS = 1_000
"""kafka-python waits up to 30 s by itself, and so misses a broker that has long come back."""


def _without_blanks(options: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in options.items() if value}
