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
    MergeUndone,
    MessageAdded,
    SurveyAnswered,
    TicketClosed,
    TicketEvent,
    TicketImported,
    TicketLinked,
    TicketMerged,
    TicketOpened,
    TicketReopened,
    TicketResolved,
    TicketSplit,
    TicketTransferred,
    TicketUnlinked,
    TicketUpdated,
)
from schemas.vocabulary import AgentStatus, Author, Category, Channel, Priority, Relation, Status, Tier
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
    "MergeUndone",
    "Message",
    "MessageAdded",
    "Priority",
    "ProducingSettings",
    "Receipt",
    "Relation",
    "Status",
    "SurveyAnswered",
    "TicketClosed",
    "TicketEvent",
    "TicketImported",
    "TicketLinked",
    "TicketMerged",
    "TicketOpened",
    "TicketProducer",
    "TicketReopened",
    "TicketResolved",
    "TicketSplit",
    "TicketTransferred",
    "TicketUnlinked",
    "TicketUpdated",
    "Tier",
    "TopicUnusable",
]
