"""A small run without a fault, as its topics would hold it: what the verifier's own tests plant faults into."""

import json
from dataclasses import replace
from typing import Any

from tests.chaos.topic_records import Body, Message, digest_of

TEAM, AGENT = "billing", "a1"


class GeneratedRun:
    """Writes the records of tickets and agents one after the other; partition 0 of every topic."""

    def __init__(self, *, capacity: int = 1) -> None:
        self.messages: list[Message] = []
        self._step = 0
        self._revision: dict[str, int] = {}
        self.add("agents.events", "AgentUpdated", "u1", {**_agent(capacity), "home_team": TEAM})
        self.add(
            "agents.roster", "AgentRostered", "u1r", {**_agent(capacity), "team": TEAM, "roster_revision": 1}
        )

    def end(self, topic: str) -> int:
        """Return the next offset of a topic."""
        return sum(message.topic == topic for message in self.messages)

    def add(self, topic: str, kind: str, identity: str, body: Body, *, source: str = "shop") -> Message:
        """Append a record to a topic."""
        message = Message(
            topic=topic,
            partition=0,
            offset=self.end(topic),
            timestamp_ms=0,
            id=identity,
            type=kind,
            source=source,
            time="2026-01-01T00:00:00+00:00",
            digest=digest_of(json.dumps(body).encode()),
            body=body,
        )
        self.messages.append(message)
        return message

    def open(self, ticket: str) -> None:
        """A ticket is opened, passed on and logged, and its team is told."""
        self.publish(ticket, "opened")
        self.log(ticket, "opened", routing=1, work="wanted")
        self.tell(ticket, 1, "wanted")

    def publish(self, ticket: str, name: str) -> None:
        """An event is published and scored."""
        identity = f"{ticket}:{name}"
        event = self.add("tickets.events", "Event", identity, {"ticket_id": ticket})
        body = {
            "ticket_id": ticket,
            "event": {"id": identity, "source": "shop"},
            "origin": (0, event.offset),
            "event_digest": identity,
        }
        self.add("tickets.enriched", "TicketTriaged", f"{identity}e", body, source="ticketyard/triage")

    def log(
        self,
        ticket: str,
        name: str,
        *,
        routing: int,
        work: str,
        source: str = "shop",
        **row: Any,
    ) -> None:
        """An event is logged without the row before; `routing`, `work` and `row` are what the row after it says."""
        revision = self._revision[ticket] = self._revision.get(ticket, 0) + 1
        body = {
            "ticket_id": ticket,
            "life": 0,
            "revision": revision,
            "event": {"id": f"{ticket}:{name}", "source": source, "type": "Event"},
            "after": {"routing_revision": routing, "work": work, **row},
            "before": None,
        }
        self.add("tickets.log", "TicketLogged", f"{ticket}:{name}l", body)

    def tell(self, ticket: str, revision: int, work: str, **fields: Any) -> None:
        """A team is told of a ticket."""
        body = {**_asked(ticket, revision), "work": work, "channel": "chat", **fields}
        self.add("tickets.work", "WorkChanged", f"{ticket}:{revision}w", body)

    def queue(self, ticket: str) -> None:
        """Routing lets a ticket wait, in a step of its own."""
        self.decide("TicketQueued", f"{ticket}:queued", ticket, position=1)
        self.log(ticket, "queued", routing=1, work="wanted", source="ticketyard/routing")

    def assign(self, ticket: str, *, agent: str = AGENT) -> None:
        """Routing gives a ticket to an agent, in a step of its own."""
        self.decide("TicketAssigned", f"{ticket}:assigned", ticket, agent_id=agent)
        self.log(ticket, "assigned", routing=1, work="held", source="ticketyard/routing")

    def decide(self, kind: str, identity: str, ticket: str, **fields: Any) -> Message:
        """Routing says something of a ticket, having read all that there is."""
        self._step += 1
        inputs = {topic: self.end(topic) for topic in ("tickets.work", "agents.roster")}
        body = {**_asked(ticket, 1), "step": self._step, "inputs": inputs, **fields}
        return self.add("tickets.decisions", kind, identity, body, source="ticketyard/routing")

    def resolve(self, ticket: str) -> None:
        """A ticket is resolved, so its agent has room again."""
        self.publish(ticket, "resolved")
        self.log(ticket, "resolved", routing=2, work="none")
        self.tell(ticket, 2, "none")

    def life(self, ticket: str) -> None:
        """A whole ticket."""
        self.open(ticket)
        self.assign(ticket)
        self.resolve(ticket)

    def drop(self, topic: str, identity: str) -> None:
        """Forget a record of a topic; offsets stay."""
        self.messages = [kept for kept in self.messages if (kept.topic, kept.id) != (topic, identity)]

    def copy(self, topic: str, identity: str, **changes: Any) -> None:
        """Deliver a record a second time, with other fields where `changes` says so."""
        (message,) = [found for found in self.messages if (found.topic, found.id) == (topic, identity)]
        body = {**message.body, **changes}
        digest = digest_of(json.dumps(body).encode())
        self.messages.append(replace(message, offset=self.end(topic) + 1000, body=body, digest=digest))


def _agent(capacity: int) -> Body:
    return {"agent_id": AGENT, "status": "available", "capacity": capacity}


def _asked(ticket: str, revision: int) -> Body:
    return {"ticket_id": ticket, "life": 0, "routing_revision": revision, "team": TEAM}
