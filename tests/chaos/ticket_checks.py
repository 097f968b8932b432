"""What the topics must say of tickets: every event logged, once, in revisions without a gap, and teams told."""

from collections import defaultdict
from typing import Final

from tests.chaos.findings import Findings
from tests.chaos.topic_records import NOTES, Body, Message, Topics, asked_of

EventKey = tuple[str, str, str]
"""Source, id and ticket: what makes an event one event."""

Place = tuple[str, int, int]
"""Topic, partition and offset."""

_OWN_CLOCK: Final = "ticketyard/cases"


def check_events(topics: Topics, findings: Findings) -> None:
    """Each input is in the log or a dead letter, and the log has nothing that nobody said."""
    logged = {_event_key(record): record for record in topics["tickets.log"]}
    dead = {_place_of_death(letter) for letter in topics["tickets.dead"]}
    died_later = {
        _event_key(passed)
        for passed in topics["tickets.enriched"]
        if (passed.topic, passed.partition, passed.offset) in dead
    }
    published = set()
    for event in topics["tickets.events"]:
        key = (event.source, event.id, str(event.body.get("ticket_id")))
        published.add(key)
        place = (event.topic, event.partition, event.offset)
        if key not in logged and key not in died_later and place not in dead:
            findings.add("lost_events", f"{event.where}: {event.type} {event.id}")
    decided = {said.id for said in (*topics["tickets.decisions"], *topics[NOTES])}
    for (source, identity, ticket_id), record in logged.items():
        known = (source, identity, ticket_id) in published or identity in decided or source == _OWN_CLOCK
        if not known:
            findings.add("unfounded", f"{record.where}: nobody said {identity} of {source}")


def _event_key(record: Message) -> EventKey:
    event = record.body["event"]
    return event["source"], event["id"], record.body["ticket_id"]


def _place_of_death(letter: Message) -> Place:
    body = letter.body
    known = ("tickets.events", "tickets.enriched", "tickets.decisions", "tickets.work", "customers.work")
    topic = next((name for name in known if body["topic"].endswith(name)), body["topic"])
    return topic, body["partition"], body["offset"]


def check_log(topics: Topics, findings: Findings) -> None:
    """Per ticket: one record a revision, one record an event, revisions without a gap."""
    revisions: dict[tuple[str, int], list[int]] = defaultdict(list)
    events: dict[EventKey, Message] = {}
    for record in topics["tickets.log"]:
        revisions[record.body["ticket_id"], record.body["life"]].append(record.body["revision"])
        other = events.setdefault(_event_key(record), record)
        if other is not record:
            findings.add("visible_duplicates", f"{other.where} and {record.where}: one event, two records")
    for (ticket_id, life), found in revisions.items():
        described = f"ticket {ticket_id} (life {life}): revisions {sorted(found)}"
        if len(found) != len(set(found)):
            findings.add("visible_duplicates", described)
        if set(found) != set(range(1, max(found) + 1)):
            findings.add("revision_gaps", described)


def check_work(topics: Topics, findings: Findings) -> None:
    """Each change that routing depends on was told to a team, and no team was told of anything else."""
    told = {asked_of(work) for work in topics["tickets.work"]}
    changed = set()
    last: dict[tuple[str, int], Body] = {}
    for record in sorted(topics["tickets.log"], key=lambda record: record.body["revision"]):
        after, life = record.body["after"], (record.body["ticket_id"], record.body["life"])
        before, last[life] = last.get(life, record.body["before"]), after
        if before is not None and before["routing_revision"] == after["routing_revision"]:
            continue
        asked = (record.body["ticket_id"], record.body["life"], after["routing_revision"])
        changed.add(asked)
        somebody_works = after["work"] != "none" or (before is not None and before["work"] != "none")
        if somebody_works and asked not in told:
            findings.add("lost_work", f"{record.where}: {asked}")
    for asked in told - changed:
        findings.add("unfounded", f"tickets.work has {asked}, tickets.log has no such change")
