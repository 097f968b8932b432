"""Settings of what publishes: the common ones, and how long a delivery may take."""

from pydantic import Field

from schemas.settings import CommonSettings


class ProducingSettings(CommonSettings):
    """How events are published; read once from TICKETYARD_* variables."""

    delivery_timeout_ms: int = Field(
        default=60_000, ge=1_000, description="How long a record is retried before its delivery fails."
    )
    connect_timeout_ms: int = Field(
        default=6_000, ge=100, description="How long the brokers are tried before they count as unreachable."
    )
    linger_ms: int = Field(
        default=5, ge=0, description="How long a record may wait for others to travel with it."
    )
