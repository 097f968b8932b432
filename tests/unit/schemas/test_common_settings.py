"""The settings that every part shares, and the options that clients get from them."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from schemas.errors import Permanent
from schemas.settings import CommonSettings

SASL = {
    "bootstrap_servers": "one:9093,two:9093",
    "security_protocol": "SASL_SSL",
    "sasl_mechanism": "SCRAM-SHA-512",
    "sasl_username": "yard",
    "sasl_password": SecretStr('s"e\\cret'),
    "ssl_ca_location": Path("/ca.pem"),
}


def _settings(**values: object) -> CommonSettings:
    return CommonSettings(**values)  # type: ignore[arg-type]  # pydantic checks them


def test_everything_lies_below_the_home_unless_said_otherwise() -> None:
    """One folder holds all; each of its parts can be moved away alone."""
    settings = _settings(home="/srv/yard", views_uri="s3://bucket/views")
    assert settings.history_uri == "/srv/yard/history"
    assert settings.views_uri == "s3://bucket/views"
    assert settings.models_uri == "/srv/yard/models"


def test_settings_never_change() -> None:
    """What was read once holds for the life of the process."""
    with pytest.raises(ValidationError, match="frozen"):
        _settings().clock = "event"  # type: ignore[misc]  # the point of the test


def test_no_kafka_is_a_sentence() -> None:
    """A client without an address says how to give one."""
    with pytest.raises(Permanent, match="TICKETYARD_BOOTSTRAP_SERVERS"):
        _settings(bootstrap_servers="").confluent_options()


def test_each_client_gets_the_same_login_in_its_own_words() -> None:
    """librdkafka, kafka-python and Java name the same things differently."""
    settings = _settings(**SASL)
    assert settings.confluent_options()["sasl.password"] == 's"e\\cret'
    assert settings.kafka_python_options()["sasl_plain_username"] == "yard"
    spark = settings.spark_kafka_options(read_text=lambda path: f"text of {path}")
    assert spark["kafka.ssl.truststore.certificates"] == "text of /ca.pem"
    assert spark["kafka.ssl.truststore.type"] == "PEM"
    assert spark["kafka.sasl.jaas.config"].endswith('username="yard" password="s\\"e\\\\cret";')


def test_options_that_were_not_given_are_left_out() -> None:
    """A plain Kafka needs its address alone."""
    settings = _settings(bootstrap_servers="one:9092")
    options = settings.kafka_python_options()
    del options["reconnect_backoff_max_ms"]
    assert options == {
        "bootstrap_servers": "one:9092",
        "security_protocol": "PLAINTEXT",
    }


def test_a_broker_that_is_back_is_found_within_a_second() -> None:
    """A broker was away for 21 s; a client then slept for up to 30 s more, which failed all that it was asked."""
    assert _settings(bootstrap_servers="one:9092").kafka_python_options()["reconnect_backoff_max_ms"] <= 1_000


def test_a_mechanism_that_spark_cannot_have_is_refused() -> None:
    """The sentence names those that it can."""
    settings = _settings(**{**SASL, "sasl_mechanism": "GSSAPI", "ssl_ca_location": None})
    with pytest.raises(Permanent, match=r"GSSAPI.*SCRAM-SHA-512"):
        settings.spark_kafka_options()


def test_a_password_is_never_shown() -> None:
    """Settings may be logged."""
    assert "e\\cret" not in repr(_settings(**SASL))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_any_password_survives_the_java_line(password: str) -> None:
    """Quotes and backslashes cannot end the quoted word early."""
    settings = _settings(**{**SASL, "sasl_password": SecretStr(password), "ssl_ca_location": None})
    quoted = settings.spark_kafka_options()["kafka.sasl.jaas.config"].partition("password=")[2]
    inner = quoted.removeprefix('"').removesuffix('";')
    assert re.sub(r"\\(.)", r"\1", inner) == password
    assert '"' not in re.sub(r"\\.", "", inner)
