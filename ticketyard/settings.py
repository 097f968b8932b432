"""Settings of what publishes: the common ones, and how long a delivery may take."""

from pydantic import Field

from schemas.settings import CommonSettings


class ProducingSettings(CommonSettings):
    """How events are published; read once from TICKETYARD_* variables."""

    delivery_timeout_ms: int = Field(
        default=60_000, ge=1_000, description="How long a record is retried before its delivery fails."
    )
    connect_timeout_ms: int = Field(
        default=10_000, ge=100, description="How long one attempt to reach a broker may take."
    )
    connect_attempts: int = Field(
        default=3, ge=1, description="How often the brokers are asked before giving up."
    )
    linger_ms: int = Field(
        default=5, ge=0, description="How long a record may wait for others to travel with it."
    )
