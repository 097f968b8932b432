"""The verifier itself: it finds nothing in a faultless run, and each kind of fault where it is planted."""

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.findings import KINDS
from tests.chaos.generated_run import AGENT, TEAM, GeneratedRun
from tests.chaos.verifier import verify

MODULES = (
    "verifier",
    "ticket_checks",
    "customer_checks",
    "routing_checks",
    "capacity_replay",
    "findings",
    "topic_records",
)


@pytest.fixture
def run() -> GeneratedRun:
    """Two tickets, one after the other, for an agent who can have one; the second waits until the first is done."""
    run = GeneratedRun()
    run.open("t1")
    run.assign("t1")
    run.open("t2")
    run.queue("t2")
    run.resolve("t1")
    run.assign("t2")
    run.resolve("t2")
    return run


def _kinds(run: GeneratedRun) -> set[str]:
    return set(verify(run.messages).faults)


def test_the_verifier_shares_no_code_with_the_pipeline() -> None:
    """Its modules import the standard library, a Kafka client and each other, nothing else."""
    allowed = {*sys.stdlib_module_names, "kafka"}
    for name in MODULES:
        tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8"))
        names = [
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        ]
        names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        foreign = [found for found in names if found.split(".")[0] not in allowed]
        assert all(found.removeprefix("tests.chaos.") in MODULES for found in foreign), foreign


def test_a_faultless_run_has_no_findings(run: GeneratedRun) -> None:
    """Nothing is found where nothing is wrong, and every assignment was replayed."""
    findings = verify(run.messages)
    assert findings.faults == {}, str(findings)
    assert findings.figures["assigned at once"] == findings.figures["assigned from the queue"] == 1


def test_a_repeated_delivery_is_no_fault(run: GeneratedRun) -> None:
    """At-least-once delivery repeats records; identical copies are counted as such and nothing more."""
    run.copy("tickets.log", "t1:openedl")
    run.copy("tickets.decisions", "t1:assigned")
    run.copy("tickets.work", "t1:1w")
    findings = verify(run.messages)
    assert findings.faults == {}, str(findings)
    assert findings.figures["repeated deliveries"] == 3


def test_an_event_that_nobody_logged_is_lost(run: GeneratedRun) -> None:
    """An input without a log record counts, until a dead letter names its place."""
    run.publish("t3", "message")
    assert _kinds(run) == {"lost_events"}
    offset = run.end("tickets.events") - 1
    run.add(
        "tickets.dead", "RecordDied", "d1", {"topic": "x.tickets.events", "partition": 0, "offset": offset}
    )
    assert _kinds(run) == set()


def test_a_dead_letter_of_a_later_stage_excuses_its_event_only(run: GeneratedRun) -> None:
    """What died in tickets.enriched is no loss; another record with that offset elsewhere still is."""
    run.publish("t3", "message")
    offset = run.end("tickets.enriched") - 1
    run.add("tickets.dead", "RecordDied", "d1", {"topic": "tickets.work", "partition": 0, "offset": offset})
    assert _kinds(run) == {"lost_events"}
    run.add(
        "tickets.dead", "RecordDied", "d2", {"topic": "tickets.enriched", "partition": 0, "offset": offset}
    )
    assert _kinds(run) == set()


def test_a_wanted_ticket_without_a_decision_is_found(run: GeneratedRun) -> None:
    """Routing must say something of every wanted revision."""
    run.open("t3")
    assert _kinds(run) == {"undecided"}


def test_a_decision_that_never_reached_the_log_is_lost(run: GeneratedRun) -> None:
    """Unless a later routing revision has superseded it."""
    run.open("t3")
    run.decide("TicketAssigned", "t3:assigned", "t3", agent_id=AGENT)
    assert _kinds(run) == {"lost_decisions"}
    run.resolve("t3")
    assert _kinds(run) == set()


def test_a_change_of_which_no_team_was_told_is_lost(run: GeneratedRun) -> None:
    """A raised routing revision without a record of tickets.work counts.

    The log mostly carries no row before. While the verifier looked for one, it missed the end of an agent's work.
    """
    run.drop("tickets.work", "t2:2w")
    assert _kinds(run) == {"lost_work"}


def test_an_agent_update_that_no_team_heard_of_is_lost(run: GeneratedRun) -> None:
    """The last roster record of an agent must say what the last update says."""
    update = {"agent_id": AGENT, "status": "away", "capacity": 1}
    run.add("agents.events", "AgentUpdated", "u2", {**update, "home_team": TEAM})
    assert _kinds(run) == {"lost_agent_updates"}
    run.add("agents.roster", "AgentRostered", "u2r", {**update, "team": TEAM, "roster_revision": 2})
    assert _kinds(run) == set()


def test_a_gap_in_roster_revisions_is_found(run: GeneratedRun) -> None:
    """Revision 3 after 1 means that 2 was never sent."""
    update = {"agent_id": AGENT, "status": "available", "capacity": 1}
    run.add("agents.roster", "AgentRostered", "u3r", {**update, "team": TEAM, "roster_revision": 3})
    assert _kinds(run) == {"lost_agent_updates"}


@pytest.mark.parametrize(
    ("topic", "identity"),
    [("tickets.log", "t1:openedl"), ("tickets.work", "t1:1w"), ("agents.roster", "u1r")],
)
def test_copies_that_differ_are_found(run: GeneratedRun, topic: str, identity: str) -> None:
    """An id stands for one content."""
    run.copy(topic, identity, another="field")
    assert "conflicting_copies" in _kinds(run)


def test_an_event_passed_on_changed_is_found(run: GeneratedRun) -> None:
    """A second scoring of one record may round otherwise, but must pass on the same event."""
    run.copy("tickets.enriched", "t1:openede", another="probability")
    assert _kinds(run) == set()
    run.copy("tickets.enriched", "t2:openede", event_digest="another")
    assert _kinds(run) == {"conflicting_copies"}


def test_one_event_logged_twice_is_a_visible_duplicate(run: GeneratedRun) -> None:
    """Also under an id and a revision of its own, as a double-counting restart would write it."""
    body = next(message for message in run.messages if message.id == "t2:resolvedl").body
    run.add("tickets.log", "TicketLogged", "another id", {**body, "revision": body["revision"] + 1})
    assert _kinds(run) == {"visible_duplicates"}


def test_two_records_of_one_revision_are_a_visible_duplicate(run: GeneratedRun) -> None:
    """Two owners that both fold would write one revision with different events."""
    run.publish("t2", "survey")
    body = next(message for message in run.messages if message.id == "t2:resolvedl").body
    event = {"id": "t2:survey", "source": "shop", "type": "Event"}
    run.add("tickets.log", "TicketLogged", "t2:surveyl", {**body, "event": event})
    assert "visible_duplicates" in _kinds(run)


def test_a_gap_in_revisions_is_found(run: GeneratedRun) -> None:
    """A log record that was folded and never sent leaves a gap."""
    run.drop("tickets.log", "t2:queuedl")
    assert "revision_gaps" in _kinds(run)


def test_what_nobody_said_is_unfounded(run: GeneratedRun) -> None:
    """A log record of an event that no topic has, and work of a revision that no log record has."""
    run.log("t1", "rumour", routing=2, work="none")
    assert _kinds(run) == {"unfounded"}
    run.tell("t9", 1, "none")
    assert verify(run.messages).counts["unfounded"] == 2


def test_a_decision_made_twice_is_found(run: GeneratedRun) -> None:
    """The second has the id of the first, so it hides as a copy; its step betrays it."""
    run.copy("tickets.decisions", "t1:assigned", step=77)
    assert {"decided_twice", "conflicting_copies"} <= _kinds(run)


def test_a_decision_that_nobody_asked_for_is_found(run: GeneratedRun) -> None:
    """Of a ticket that the team was never told of, or of a team that was never told of anything."""
    run.decide("TicketAssigned", "t8:assigned", "t8", agent_id=AGENT)
    assert "unasked_decisions" in _kinds(run)


def test_a_decision_on_an_outdated_revision_is_found(run: GeneratedRun) -> None:
    """Routing had read in an earlier step that the ticket was done."""
    run.open("t3")
    run.decide("TicketQueued", "t3:queued", "t3", position=1)
    run.resolve("t3")
    run.life("t4")
    run.decide("TicketAssigned", "t3:assigned", "t3", agent_id=AGENT)
    assert _kinds(run) == {"unasked_decisions"}


def test_an_assignment_above_capacity_is_found() -> None:
    """The agent can have one ticket, and gets two."""
    run = GeneratedRun(capacity=1)
    for ticket in ("t1", "t2"):
        run.open(ticket)
        run.assign(ticket)
    assert _kinds(run) == {"above_capacity"}


def test_an_assignment_within_one_step_is_judged_by_the_order_of_its_inputs() -> None:
    """What is given back later in a step does not make room for a ticket that was assigned on arrival before."""
    run = GeneratedRun(capacity=1)
    run.open("t1")
    run.assign("t1")
    run.open("t2")
    run.resolve("t1")
    run.assign("t2")  # one step has read both: t2 is asked for before t1 is given back
    assert _kinds(run) == {"above_capacity"}


def test_an_assignment_from_the_queue_is_judged_favourably_within_its_step() -> None:
    """A ticket that waited may have been given after the last record of the step."""
    run = GeneratedRun(capacity=1)
    run.open("t1")
    run.assign("t1")
    run.open("t2")
    run.queue("t2")
    run.open("t3")
    run.resolve("t1")
    run.assign("t2")
    run.queue("t3")
    assert _kinds(run) == set()


def test_capacity_of_a_channel_counts() -> None:
    """Room in all is no room on a channel that has none."""
    run = GeneratedRun(capacity=5)
    limit = {"agent_id": AGENT, "status": "available", "capacity": 5, "channel_capacity": {"chat": 1}}
    run.add("agents.roster", "AgentRostered", "u2r", {**limit, "team": TEAM, "roster_revision": 2})
    for ticket in ("t1", "t2"):
        run.open(ticket)
        run.assign(ticket)
    assert _kinds(run) == {"above_capacity"}


def test_what_people_give_fills_an_agent_and_is_no_fault_itself() -> None:
    """People may go above capacity; routing may not add to it."""
    run = GeneratedRun(capacity=1)
    for ticket in ("t1", "t2"):
        run.publish(ticket, "opened")
        run.log(ticket, "opened", routing=1, work="held")
        run.tell(ticket, 1, "held", agent_id=AGENT)
    assert _kinds(run) == set()
    run.open("t3")
    run.assign("t3")
    assert _kinds(run) == {"above_capacity"}


@pytest.mark.parametrize(
    "change", [{"status": "away"}, {"leaving": True}, {"capacity": 0}, {"held_elsewhere": 1}]
)
def test_an_assignment_to_an_agent_who_takes_nothing_is_found(change: dict[str, object]) -> None:
    """Away, leaving, without capacity or full by other teams' tickets."""
    run = GeneratedRun(capacity=1)
    agent = {"agent_id": AGENT, "status": "available", "capacity": 1, "team": TEAM, "roster_revision": 2}
    run.add("agents.roster", "AgentRostered", "u2r", {**agent, **change})
    run.open("t1")
    run.queue("t1")  # by this step routing has read the roster
    run.life("t2")
    assert "above_capacity" in _kinds(run)


def test_an_assignment_to_a_stranger_is_found(run: GeneratedRun) -> None:
    """The agent is not on the team's roster."""
    run.open("t3")
    run.assign("t3", agent="nobody")
    assert _kinds(run) == {"above_capacity"}


def test_a_step_that_two_owners_made_is_found(run: GeneratedRun) -> None:
    """Equal step numbers with different inputs mean that two processes went on from one state."""
    body = next(message for message in run.messages if message.id == "t1:assigned").body
    run.open("t3")
    stolen = {**body, "ticket_id": "t3", "inputs": {"tickets.work": 99, "agents.roster": 99}}
    run.add("tickets.decisions", "TicketAssigned", "t3:assigned", stolen)
    assert "torn_steps" in _kinds(run)


def test_a_ticket_that_does_not_know_of_its_customers_others(run: GeneratedRun) -> None:
    """A note that never reached one of two open tickets counts, for that ticket alone."""
    for ticket, known in (("t7", 1), ("t8", 2)):
        run.open(ticket)
        run.publish(ticket, "noted")
        row: dict[str, Any] = {"customer_id": "c", "open_tickets_of_customer": known}
        run.log(ticket, "noted", routing=1, work="wanted", **row)
        run.queue(ticket)
        run.messages[-1].body["after"].update(row)
    findings = verify(run.messages)
    assert (findings.counts["lost_notes"], _kinds(run)) == (1, {"lost_notes"})


def test_every_kind_of_fault_has_a_test_here() -> None:
    """A kind that no test plants could be one that is never found."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []
