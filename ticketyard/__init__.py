"""What producers import: the client that publishes, the events it takes, replay and the simulator.

Reads: files to replay, settings. Does: checks events against the contract and gives them to Kafka, awaiting
every acknowledgement. Writes: tickets.events, customers.events and agents.events.
"""

from schemas.records.events import (
    AgentUpdated,
    Attachment,
    CustomerUpdated,
    Event,
    LabelCorrected,
    MessageAdded,
    SurveyAnswered,
    TicketClosed,
    TicketEvent,
    TicketImported,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketTransferred,
    TicketUpdated,
)
from schemas.vocabulary import AgentStatus, Author, Category, Channel, Priority, Status, Tier
from ticketyard.errors import (
    BrokerUnreachable,
    DeliveryFailed,
    DeliveryRefused,
    InvalidEvent,
    TopicUnusable,
)
from ticketyard.producer import Message, Receipt, TicketProducer
from ticketyard.settings import ProducingSettings

__all__ = [
    "AgentStatus",
    "AgentUpdated",
    "Attachment",
    "Author",
    "BrokerUnreachable",
    "Category",
    "Channel",
    "CustomerUpdated",
    "DeliveryFailed",
    "DeliveryRefused",
    "Event",
    "InvalidEvent",
    "LabelCorrected",
    "Message",
    "MessageAdded",
    "Priority",
    "ProducingSettings",
    "Receipt",
    "Status",
    "SurveyAnswered",
    "TicketClosed",
    "TicketEvent",
    "TicketImported",
    "TicketMerged",
    "TicketOpened",
    "TicketProducer",
    "TicketReopened",
    "TicketResolved",
    "TicketTransferred",
    "TicketUpdated",
    "Tier",
    "TopicUnusable",
]
