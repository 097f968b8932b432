"""Counts what a run lost, doubled or decided wrongly, from its topics alone; shares no code with the pipeline.

It knows the contract (ids, revisions, what each topic says) and none of the algorithms: how a ticket is folded,
scored or routed is not computed again.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from tests.chaos.capacity_replay import replay_capacity
from tests.chaos.customer_checks import check_customers
from tests.chaos.findings import Findings
from tests.chaos.routing_checks import check_decisions, check_roster
from tests.chaos.ticket_checks import check_events, check_log, check_work
from tests.chaos.topic_records import NOTES, Message, Topics

_INPUTS: Final = ("tickets.events", "agents.events", "customers.events")
_EXACT: Final = (
    "tickets.log",
    "tickets.work",
    "tickets.decisions",
    "agents.roster",
    "agents.holdings",
    "customers.work",
    NOTES,
)


def verify(messages: Iterable[Message], *, prefix: str = "") -> Findings:
    """Return all findings about the records of a run; `prefix` stands before the topics' names in decisions."""
    findings = Findings()
    raw = _by_topic(messages)
    _count(raw, findings)
    _check_copies(raw, findings)
    topics: Topics = defaultdict(list)
    for topic, records in raw.items():
        topics[topic] = records if topic in _INPUTS else _first_of_each_id(records)
    check_events(topics, findings)
    check_log(topics, findings)
    check_work(topics, findings)
    check_decisions(raw, topics, findings)
    check_roster(topics, findings)
    check_customers(topics, findings)
    replay_capacity(topics, findings, prefix=prefix)
    return findings


def _by_topic(messages: Iterable[Message]) -> Topics:
    found: Topics = defaultdict(list)
    for message in messages:
        found[message.topic].append(message)
    for records in found.values():
        records.sort(key=lambda record: (record.partition, record.offset))
    return found


def _first_of_each_id(records: Iterable[Message]) -> list[Message]:
    """For equal ids the lowest offset wins; all copies of an id have one key, so one partition."""
    first: dict[str, Message] = {}
    for record in records:
        first.setdefault(record.id, record)
    return list(first.values())


def _count(raw: Topics, findings: Findings) -> None:
    for topic in sorted(raw):
        findings.count(topic, len(raw[topic]))
        if topic not in _INPUTS:
            findings.count("repeated deliveries", len(raw[topic]) - len({record.id for record in raw[topic]}))


def _check_copies(raw: Topics, findings: Findings) -> None:
    """Copies are identical; of a scored event what was passed on is, as a second scoring may round otherwise."""
    copies = [(record.id, record.digest, record) for topic in _EXACT for record in raw[topic]]
    copies += [
        (f"{record.id} of {record.body['origin']}", record.body["event_digest"], record)
        for record in raw["tickets.enriched"]
    ]
    first: dict[tuple[str, str], tuple[str, Message]] = {}
    for identity, digest, record in copies:
        known, where = first.setdefault((record.topic, identity), (digest, record))
        if known != digest:
            findings.add("conflicting_copies", f"{where.where} and {record.where}: id {identity}")
