"""The file of routing rules: what is refused, with its line, and what holds for a team."""

import pytest

from casework.routing.rules import RoutingRules, RoutingRulesError
from schemas.vocabulary import Category, Channel, Tier
from tests.unit.schemas.ticket_facts import open_ticket

RULES = b"""\
version: "7"
skills:
  - when: {categories: [refund_request], tiers: [enterprise]}
    need: [large_refunds]
    relax_minutes: 30
  - when: {categories: [refund_request]}
    need: [refunds]
defaults: {sticky_minutes: 10, return_when: [leaving]}
teams:
  payments:
    offer_channels: [chat]
    overflow: {to: billing, after_minutes: 20}
  billing: {sticky_minutes: null}
"""

CIRCLE = b"""\
version: "1"
teams:
  a: {overflow: {to: b, after_minutes: 5}}
  b: {overflow: {to: c, after_minutes: 5}}
  c: {overflow: {to: a, after_minutes: 5}}
"""


def parse(data: bytes) -> RoutingRules:
    """Check a file's bytes."""
    return RoutingRules.parse(data, source="rules.yaml")


def test_a_team_has_the_defaults_where_the_file_says_nothing_else_of_it() -> None:
    """What a team's own lines name replaces the default; null takes it away."""
    rules = parse(RULES)
    payments, billing, other = (rules.team(name) for name in ("payments", "billing", "legal"))
    assert (payments.offer_channels, payments.sticky_minutes) == ((Channel.CHAT,), 10)
    assert (billing.sticky_minutes, billing.return_when, other) == (None, ("leaving",), rules.defaults)


def test_the_first_skill_rule_that_fits_counts() -> None:
    """A ticket needs the skills of one rule: the narrow one stands before the wide one."""
    rules = parse(RULES)
    refund = open_ticket()
    assert refund.category is Category.REFUND_REQUEST
    large = open_ticket(customer_tier=Tier.ENTERPRISE)
    found = [rules.skill_rule(row) for row in (large, refund, open_ticket(triage=None))]
    assert [rule and rule.need for rule in found] == [("large_refunds",), ("refunds",), None]


def test_the_version_that_rows_carry_is_what_the_file_says_and_not_how() -> None:
    """A comment changes no version; a number does."""
    rules = parse(RULES)
    assert parse(b"# of March\n" + RULES).sum == rules.sum
    assert parse(RULES.replace(b"30", b"31")).sum != rules.sum


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "rules.yaml: not valid YAML"),
        (b"version: '1'\nskill_level: 0\n", r"line 2: skill_level: .* greater than 0"),
        (b"version: '1'\nskills: [{when: {}, need: [x]}]\n", r"line 2: skills > 0: .*has no condition"),
        (b"version: '1'\nskills:\n- when: {intents: [x]}\n  need: []\n", r"line 4: skills > 0 > need: "),
        (b"version: '1'\nteams:\n  a:\n    offer_chanels: [chat]\n", r"line 4: teams > a > offer_chanels: "),
        (b"version: '1'\nteams:\n  a: {silent_minutes: -1}\n", r"line 3: teams > a > silent_minutes: "),
        (b"version: '1'\nteams:\n  a: {}\n  a: {}\n", r"line 4: the name 'a' is there already in line 3"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(data: bytes, message: str) -> None:
    """Whoever edits the file is told where and what, and nothing is guessed."""
    with pytest.raises(RoutingRulesError, match=message):
        parse(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            CIRCLE,
            r"1 mistake.*\n  line 3: team a: overflows in a circle \(a > b > c > a\)",
        ),
        (
            b"version: '1'\nteams:\n  a: {overflow: {to: a, after_minutes: 5}}\n",
            r"line 3: team a: overflows in a circle \(a > a\)",
        ),
        (
            b"version: '1'\ndefaults:\n  overflow: {to: spare, after_minutes: 5}\n",
            r"line 3: team spare: overflows in a circle \(spare > spare\)",
        ),
    ],
)
def test_teams_that_overflow_in_a_circle_are_refused(data: bytes, message: str) -> None:
    """Each team would pass its tickets on in time, and nobody would ever have to take one."""
    with pytest.raises(RoutingRulesError, match=message):
        parse(data)


def test_a_way_of_overflow_that_ends_is_fine() -> None:
    """All teams may help themselves to one that keeps what it gets."""
    rules = parse(
        b"version: '1'\ndefaults:\n  overflow: {to: spare, after_minutes: 5}\nteams:\n  spare: {overflow: null}\n"
    )
    assert rules.team("spare").overflow is None


def test_the_packaged_rules_are_rules() -> None:
    """What a home begins with asks for no skills and offers nothing."""
    rules = RoutingRules.load()
    assert (rules.skills, rules.defaults.offer_channels) == ((), ())
    assert not rules.defaults.pending_takes_capacity
    assert set(rules.defaults.wait_for_absent) == {"low", "medium"}


def test_a_file_that_is_not_there_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The message says which, and what to give instead."""
    missing = tmp_path_factory.getbasetemp() / "no.yaml"
    with pytest.raises(
        RoutingRulesError, match=r"no\.yaml: the routing rules cannot be read .*readable file"
    ):
        RoutingRules.load(missing)
