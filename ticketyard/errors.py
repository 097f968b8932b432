"""What can go wrong while publishing; every message names the culprit and what to do next."""

from schemas.errors import Permanent, Transient


class InvalidEvent(Permanent):
    """An event does not fit the contract and was not sent; the message names its type and field."""


class TopicUnusable(Permanent):
    """A topic is missing, or has another number of partitions than these settings say."""


class DeliveryRefused(Permanent):
    """The broker refuses a record or a login; sending it again changes nothing."""


class BrokerUnreachable(Transient):
    """No broker answered in time."""


class DeliveryFailed(Transient):
    """A record was not acknowledged in time; it may or may not be there, so publish it again with its id."""
