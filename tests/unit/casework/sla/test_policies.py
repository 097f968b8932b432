"""The file of policies: which policy is whose, and every mistake with its line."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from casework.sla.policies import SlaError, load_sla_policies, parse_sla_policies
from schemas.records.sla_clock import SlaMetric
from schemas.vocabulary import Category, Channel, Priority, Tier
from tests.unit.casework.sla.desk import BERLIN, policies
from tests.unit.schemas.ticket_facts import open_ticket

ROW = open_ticket()


def said(text: str) -> str:
    """Return what is refused."""
    with pytest.raises(SlaError) as refused:
        policies(text)
    return str(refused.value)


def test_the_first_policy_that_fits_is_the_tickets() -> None:
    known = policies(
        """
        policies:
          - {name: gold calls, when: {tiers: [gold], channels: [phone]}, targets: {first_reply: {high: 1 min}}}
          - {name: gold, when: {tiers: [gold]}, targets: {first_reply: {high: 5 min}}}
          - {name: refunds, when: {categories: [refund_request], languages: [en]}, targets: {first_reply: {low: 1 h}}}
          - {name: pressing, when: {priorities: [critical], teams: [payments]}, targets: {first_reply: {critical: 1 s}}}
        """
    )
    found = {
        name: getattr(known.policy_for(row), "name", None)
        for name, row in {
            "gold by phone": replace(ROW, customer_tier=Tier.GOLD, channel=Channel.PHONE),
            "gold": replace(ROW, customer_tier=Tier.GOLD),
            "refund": ROW,
            "critical": replace(ROW, category=Category.GENERAL_INQUIRY, priority=Priority.CRITICAL),
            "other": replace(ROW, language="de"),
        }.items()
    }
    assert found == {
        "gold by phone": "gold calls",
        "gold": "gold",
        "refund": "refunds",
        "critical": "pressing",
        "other": None,
    }


def test_the_packaged_file_promises_solutions_as_the_docs_say() -> None:
    known = load_sla_policies()
    (*_, last) = known.policies
    hours = {
        priority: known.promises(last, priority)[SlaMetric.TOTAL_RESOLUTION].target.total_seconds() / 3600
        for priority in Priority
    }
    assert hours == {"critical": 0.25, "urgent": 2, "high": 8, "medium": 24, "low": 72}


def test_the_version_is_of_what_the_file_says() -> None:
    """Comments and order of keys make no other version; a target, an hour and a holiday do."""
    text = "policies: [{name: all, calendar: berlin, targets: {first_reply: {high: 1 business h}}}]"
    first = policies(f"{BERLIN}\n{text}").version
    assert first == policies(f"# why\n{BERLIN}\n{text}  # so").version
    for old, new in (("1 business h", "2 business h"), ("18:00", "17:00"), ("BE", "BY")):
        assert policies(f"{BERLIN}\n{text}".replace(old, new)).version != first


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "calendars: {a: {zone: Europe/Berlin, hours: {mon: []}}}\npolicies: []",
            "line 2: calendars > a: has no hours",
        ),
        (
            'calendars: {a: {zone: UTC, hours: {mon: ["08:00-12:00", "11:00-13:00"]}}}\npolicies: []',
            "line 2: calendars > a: has blocks of mon that overlap",
        ),
        ("policies: []", "line 2: policies: there is none"),
        ("policies:\n  - {name: a, when: {tiers: []}, targets: {}}", "line 3: policies > 0 > when > tiers"),
        (
            "policies:\n  - {name: a, when: {tiers: [tin]}, targets: {}}",
            "line 3: policies > 0 > when > tiers > 0",
        ),
        ("policies:\n  - {name: a, targets: {first_reply: {high: 2 days}}}", "is no target: write 15 min"),
        ("policies:\n  - {name: a, targets: {first_reply: {high: 0 h}}}", "is no target: write 15 min"),
        (
            "policies:\n  - {name: a, targets: {first_replay: {high: 2 h}}}",
            "line 3: policies > 0 > targets > first_replay",
        ),
        (
            "policies:\n  - name: a\n    targets:\n      first_reply: {high: 1 business h}",
            "line 5: a: first_reply > high is in business hours, and the policy has no calendar",
        ),
        (
            "policies:\n  - name: a\n    calendar: rome\n    targets: {first_reply: {high: 1 h}}",
            "line 4: a: there is no calendar 'rome': use one of this file (none)",
        ),
        (
            "policies:\n  - name: a\n    when: {priorities: [low]}\n    targets: {first_reply: {low: 1 h, high: 1 h}}",
            "line 5: a: first_reply > high never counts: the policy is for low alone",
        ),
        (
            "policies:\n  - &a {name: a, targets: {first_reply: {high: 1 h}}}\n  - *a",
            "the name 'a' is there already in line 3",
        ),
    ],
)
def test_a_mistake_is_said_with_its_line(text: str, message: str) -> None:
    assert message in said(text)


@pytest.mark.parametrize(
    ("conditions", "shadowed"),
    [
        (["{tiers: [gold]}", "{tiers: [gold], channels: [phone]}"], True),
        (["{tiers: [gold]}", "{channels: [phone]}"], False),
        (["{}", "{tiers: [gold]}"], True),
        (["{tiers: [gold, silver]}", "{tiers: [silver, bronze]}"], False),
        # One part of it is taken by each.
        (["{tiers: [gold]}", "{tiers: [silver]}", "{tiers: [gold, silver], teams: [x]}"], True),
        (["{priorities: [low, medium]}", "{priorities: [high, urgent, critical]}", "{teams: [x]}"], True),
        (
            [
                "{channels: [phone], tiers: [gold]}",
                "{channels: [chat]}",
                "{tiers: [gold], channels: [phone, chat]}",
            ],
            True,
        ),
        (
            ["{tiers: [bronze, silver, gold, platinum, enterprise]}", "{}"],
            False,
        ),  # not every customer has a tier
    ],
)
def test_a_policy_that_no_ticket_reaches_is_refused(conditions: list[str], shadowed: bool) -> None:
    lines = [
        f"  - {{name: p{number}, when: {when}, targets: {{first_reply: {{{_any_priority(when)}: 1 h}}}}}}"
        for number, when in enumerate(conditions)
    ]
    text = "\n".join(["policies:", *lines])
    last = f"line {2 + len(conditions)}: 'p{len(conditions) - 1}' is never used"
    try:
        policies(text)
        refused = ""
    except SlaError as error:
        refused = str(error)
    assert (last in refused) is shadowed


def _any_priority(when: str) -> str:
    """Return a priority that the conditions let through."""
    return next((each for each in Priority if each in when), Priority.LOW)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SlaError, match=r"gone\.yaml: the SLA policies cannot be read"):
        load_sla_policies(tmp_path / "gone.yaml")


def test_a_name_that_stands_twice_is_no_yaml_to_guess_at() -> None:
    with pytest.raises(SlaError, match="'policies' is there already"):
        parse_sla_policies(b"policies: []\npolicies: []\n", source="sla.yaml")
