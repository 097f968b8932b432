"""Where an event from outside goes: the topic that carries it, and the key by which it finds its partition."""

from schemas.records.events import AgentUpdated, CustomerUpdated, Event, TicketEvent
from schemas.records.topics import Topic


def address(event: Event) -> tuple[Topic, str] | None:
    """Return the topic that carries `event`, and its key: the id of the ticket, customer or agent. None for others."""
    match event:
        case TicketEvent():
            return Topic.TICKETS_EVENTS, event.ticket_id
        case CustomerUpdated():
            return Topic.CUSTOMERS_EVENTS, event.customer_id
        case AgentUpdated():
            return Topic.AGENTS_EVENTS, event.agent_id
    return None
