"""What the topics must say of decisions and agents: asked, decided once, logged, and every agent's update heard."""

from collections import defaultdict

from tests.chaos.findings import Findings
from tests.chaos.topic_records import Asked, Message, Topics, asked_of


def check_decisions(raw: Topics, topics: Topics, findings: Findings) -> None:
    """Every wanted revision is decided on, assigned at most once, and what was decided reached the log.

    `raw` has every copy of every record: an assignment's id is made of what it answers, so a second decision would
    look like a copy of the first.
    """
    decided = {asked_of(decision) for decision in topics["tickets.decisions"]}
    for work in topics["tickets.work"]:
        if work.body["work"] == "wanted" and asked_of(work) not in decided:
            findings.add("undecided", f"{work.where}: {asked_of(work)} of team {work.body['team']}")
    made: dict[Asked, set[tuple[int, str]]] = defaultdict(set)
    for decision in raw["tickets.decisions"]:
        if decision.type == "TicketAssigned":
            made[asked_of(decision)].add((decision.body["step"], decision.body["agent_id"]))
    for asked, steps in made.items():
        if len(steps) > 1:
            findings.add("decided_twice", f"{asked}: (step, agent) {sorted(steps)}")
    _check_logged(topics, findings)


def _check_logged(topics: Topics, findings: Findings) -> None:
    """A decision is in the log unless the ticket has gone on to another routing revision."""
    logged = {record.body["event"]["id"] for record in topics["tickets.log"]}
    latest: dict[tuple[str, int], int] = defaultdict(lambda: -1)
    for record in topics["tickets.log"]:
        ticket = (record.body["ticket_id"], record.body["life"])
        latest[ticket] = max(latest[ticket], record.body["after"]["routing_revision"])
    for decision in topics["tickets.decisions"]:
        ticket_id, life, revision = asked_of(decision)
        if decision.id not in logged and latest[ticket_id, life] <= revision:
            findings.add("lost_decisions", f"{decision.where}: {decision.type} of {ticket_id}")


def check_roster(topics: Topics, findings: Findings) -> None:
    """Per agent: roster revisions 1, 2, 3 ..., and the last says what the agent's last update says."""
    told: dict[str, list[Message]] = defaultdict(list)
    for record in topics["agents.roster"]:
        told[record.body["agent_id"]].append(record)
    for agent_id, update in _last_updates(topics["agents.events"]).items():
        snapshots = sorted(told[agent_id], key=lambda record: int(record.body["roster_revision"]))
        revisions = [record.body["roster_revision"] for record in snapshots]
        if revisions != list(range(1, len(revisions) + 1)):
            findings.add("lost_agent_updates", f"agent {agent_id}: roster revisions {revisions}")
        elif not snapshots or not _says(snapshots[-1], update):
            findings.add("lost_agent_updates", f"{update.where}: agent {agent_id}")


def _last_updates(events: list[Message]) -> dict[str, Message]:
    last: dict[str, Message] = {}
    for event in events:
        if event.type != "AgentUpdated":
            continue
        known = last.get(event.body["agent_id"])
        if known is None or (event.time, event.offset) > (known.time, known.offset):
            last[event.body["agent_id"]] = event
    return last


def _says(snapshot: Message, update: Message) -> bool:
    """An agent who is leaving a team is still to be told of to the new one."""
    wanted = (update.body["home_team"], update.body["status"], update.body["capacity"])
    said = (snapshot.body["team"], snapshot.body["status"], snapshot.body["capacity"])
    return wanted == said and not snapshot.body.get("leaving", False)
