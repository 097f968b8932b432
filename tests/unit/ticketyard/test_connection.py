"""How long a broker is looked for."""

import itertools
from collections.abc import Iterator

import pytest
import stamina
from kafka.errors import KafkaTimeoutError

from ticketyard import connection
from ticketyard.errors import BrokerUnreachable
from ticketyard.settings import ProducingSettings


@pytest.fixture(autouse=True)
def without_waits() -> Iterator[None]:
    """Retry at once."""
    with stamina.set_testing(True, attempts=3):
        yield


def test_all_attempts_share_one_time_below_ten_seconds() -> None:
    """Three attempts of ten seconds each left a newcomer half a minute before a wrong address was named."""
    asked: list[int] = []
    clock = itertools.count(0.0, 3.0)

    def connect(left_ms: int) -> None:
        asked.append(left_ms)
        raise KafkaTimeoutError

    settings = ProducingSettings(bootstrap_servers="nowhere:9092")
    assert settings.connect_timeout_ms < 10_000
    with pytest.raises(
        BrokerUnreachable, match=r"no Kafka answers at nowhere:9092 .*TICKETYARD_BOOTSTRAP_SERVERS"
    ):
        connection._retrying(settings, connect, clock=lambda: next(clock))
    assert asked == [3000, 100, 100]
