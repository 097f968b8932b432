"""alerts.deliveries: what became of telling an address outside about an alert."""

from typing import Annotated, Final

from msgspec import Meta

from schemas.records.events import Event, Id, Label

Attempts = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class WebhookSent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What both outcomes say: `delivery_id` is what the receiver saw as `webhook-id`, the same at each attempt.

    `address` is the name that the file of webhooks gives it. `status` is the last answer's HTTP status, None where
    there was none. `took_s` is the time from the first attempt to the end, seconds.
    """

    delivery_id: Id
    alert_id: Id
    alert_type: Label
    address: Label
    attempts: Attempts
    took_s: Annotated[float, Meta(ge=0)] = 0.0
    status: int | None = None


class WebhookDelivered(WebhookSent, frozen=True, kw_only=True, omit_defaults=True):
    """alerts.deliveries: an address took an alert."""


class WebhookFailed(WebhookSent, frozen=True, kw_only=True, omit_defaults=True):
    """alerts.deliveries: telling an address of an alert was given up, `reason` says why; tickets.dead has a letter."""

    reason: str


DELIVERIES: Final[dict[str, type[WebhookSent]]] = {
    "WebhookDelivered": WebhookDelivered,
    "WebhookFailed": WebhookFailed,
}
"""What alerts.deliveries may carry, by its type."""
