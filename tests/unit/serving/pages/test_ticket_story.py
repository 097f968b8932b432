"""The story of one ticket on its page."""

from serving.pages.ticket.reading import told


def test_an_override_of_what_nobody_had_said_is_told() -> None:
    """An event leaves out what was not: the page of a ticket whose agent was named by hand failed for that."""
    told_json = '[{"decision": "assignee", "now": "A-7", "by": "Ann"}, {"decision": "escalation"}]'
    event = {"event_type": "DecisionOverridden", "author": "agent", "overrides": told_json}
    said = told(event)["said"]
    assert [(one.decision, one.was, one.now) for one in said] == [
        ("assignee", None, "A-7"),
        ("escalation", None, None),
    ]
    assert told(event | {"overrides": None})["said"] == []
