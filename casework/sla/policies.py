"""The policies of service: a file that a person edits, checked, and what it promises of a ticket."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import yaml
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from casework.calendar.business_time import RoundTheClock, WorkingTime
from casework.calendar.opening_hours import OpeningHours
from casework.sla.conditions import Conditions, never_reached
from schemas.edited_file import EditedFile, line_of, read_edited
from schemas.errors import Permanent
from schemas.records.sla_clock import LONGEST_H, SlaMetric, Target, read_target, read_targets
from schemas.records.ticket_row import TicketRow, said_of
from schemas.vocabulary import AutomaticDecision, Priority

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
_Share = Annotated[float, Field(gt=0, lt=1)]
OUR_TIME: Final = (
    SlaMetric.PERIODIC_UPDATE,
    SlaMetric.REQUESTER_WAIT,
    SlaMetric.AGENT_WORK_TIME,
    SlaMetric.TOTAL_RESOLUTION,
)
"""Metrics whose time stands still while we wait for the customer; who waits for a reply is not answered by waiting."""

_ROUND_THE_CLOCK: Final = RoundTheClock()
_DIGITS: Final = 16


class SlaError(Permanent):
    """The policies cannot be used; the message names the file, each place and what to mend."""


def _target(value: object) -> Target:
    target = read_target(value) if isinstance(value, str) else None
    if target is None:
        raise PydanticCustomError(
            "target", f"is no target: write 15 min, 2 h or 8 business h, {LONGEST_H:,} h at most"
        )
    return target


class SlaPolicy(BaseModel, frozen=True, extra="forbid"):
    """What is promised of the tickets for which the conditions hold, by metric and priority.

    `pauses` names the metrics whose time stands still while a ticket waits for its customer.
    """

    name: Name
    when: Conditions = Conditions()
    calendar: Name | None = None
    warn_at: _Share | None = None
    pauses: tuple[SlaMetric, ...] = OUR_TIME
    targets: Annotated[
        dict[
            SlaMetric,
            Annotated[dict[Priority, Annotated[Target, BeforeValidator(_target)]], Field(min_length=1)],
        ],
        Field(min_length=1),
    ]


class _Document(BaseModel, frozen=True, extra="forbid"):
    """The whole file."""

    version: Annotated[str, StringConstraints(min_length=1)]
    warn_at: _Share = 0.8
    calendars: dict[Name, OpeningHours] = Field(default_factory=dict)
    policies: tuple[SlaPolicy, ...]


class Promise(NamedTuple):
    """One metric's target for one ticket, the time that it is measured in, and the share at which to warn."""

    target: timedelta
    time: WorkingTime
    warn_at: float
    business: bool


class SlaPolicies:
    """A checked file. `version` is a sum of what it says, and of the holidays that are known to it."""

    def __init__(self, document: _Document) -> None:
        self.policies: Final = document.policies
        self.calendars: Final = {name: hours.business_time() for name, hours in document.calendars.items()}
        self._warn_at = document.warn_at
        self._promises: dict[tuple[str, Priority], dict[SlaMetric, Promise]] = {}
        known = any(hours.holidays.country for hours in document.calendars.values())
        says = (document.model_dump(mode="json"), version("holidays") if known else "")
        self.version: Final = hashlib.sha256(repr(says).encode()).hexdigest()[:_DIGITS]

    def policy_for(self, row: TicketRow) -> SlaPolicy | None:
        """Return the first policy whose conditions hold for a ticket; None if there is none."""
        return next((policy for policy in self.policies if policy.when.hold(row)), None)

    def promises_of(self, policy: SlaPolicy | None, row: TicketRow) -> Mapping[SlaMetric, Promise]:
        """Return what is promised of a ticket: a person's word of it, else what the policy says."""
        promised = self.promises(policy, row.priority)
        said = said_of(row, AutomaticDecision.SLA_TARGET)
        if said is None:
            return promised
        return {**promised, **{name: self._promise(policy, own) for name, own in read_targets(said).items()}}

    def promises(self, policy: SlaPolicy | None, priority: Priority) -> Mapping[SlaMetric, Promise]:
        """Return what a policy promises of tickets of a priority, by metric; nothing where there is no policy."""
        if policy is None:
            return {}
        found = self._promises.get((policy.name, priority))
        if found is None:
            found = self._promises[policy.name, priority] = {
                metric: self._promise(policy, targets[priority])
                for metric, targets in policy.targets.items()
                if priority in targets
            }
        return found

    def _promise(self, policy: SlaPolicy | None, target: Target) -> Promise:
        """Return a target as a promise. Business hours are those of the policy's calendar, all hours where none is."""
        calendar = None if policy is None else policy.calendar
        time = self.calendars[calendar] if target.business and calendar else _ROUND_THE_CLOCK
        warn_at = self._warn_at if policy is None else policy.warn_at or self._warn_at
        return Promise(timedelta(seconds=target.seconds), time, warn_at, target.business)


def load_sla_policies(path: Path | None = None) -> SlaPolicies:
    """Read a file of policies, or the packaged one; SlaError if it is missing or has mistakes."""
    source = path or resources.files("casework.sla").joinpath("policies.yaml")
    data = read_edited(source, "the SLA policies", SlaError)
    return parse_sla_policies(data, source=str(source))


def parse_sla_policies(data: bytes, *, source: str) -> SlaPolicies:
    """Check a file's bytes and build its policies; `source` names the file in SlaError."""
    file = EditedFile(source, "the SLA policies", SlaError)
    document, root = file.check(data, _Document)
    problems = list(_problems(document, root))
    if problems:
        raise file.refusal(problems)
    return SlaPolicies(document)


def _problems(document: _Document, root: yaml.Node | None) -> Iterator[str]:
    if not document.policies:
        yield f"line {line_of(['policies'], root)}: policies: there is none: add one"
    first: dict[str, int] = {}
    for number, policy in enumerate(document.policies):
        line = line_of(["policies", number, "name"], root)
        if policy.name in first:
            yield f"line {line}: the name {policy.name!r} is there already in line {first[policy.name]}: rename one"
        first.setdefault(policy.name, line)
        yield from _wrong_calendar(number, policy, document, root)
        yield from _unused_targets(number, policy, root)
    for number, covering in never_reached([policy.when for policy in document.policies]):
        names = ", ".join(repr(document.policies[other].name) for other in covering)
        yield (
            f"line {line_of(['policies', number, 'name'], root)}: {document.policies[number].name!r} is never used: "
            f"{names} above take every ticket that it is for; move it up or delete it"
        )


def _wrong_calendar(
    number: int, policy: SlaPolicy, document: _Document, root: yaml.Node | None
) -> Iterator[str]:
    place: list[int | str] = ["policies", number]
    if policy.calendar is not None and policy.calendar not in document.calendars:
        known = ", ".join(document.calendars) or "none"
        yield (
            f"line {line_of([*place, 'calendar'], root)}: {policy.name}: there is no calendar {policy.calendar!r}: "
            f"use one of this file ({known}) or add it"
        )
    for metric, targets in policy.targets.items():
        for priority, target in targets.items():
            if target.business and policy.calendar is None:
                yield (
                    f"line {line_of([*place, 'targets', metric, priority], root)}: {policy.name}: {metric} > "
                    f"{priority} is in business hours, and the policy has no calendar: name one"
                )


def _unused_targets(number: int, policy: SlaPolicy, root: yaml.Node | None) -> Iterator[str]:
    for metric, targets in policy.targets.items():
        for priority in targets:
            if policy.when.priorities is not None and priority not in policy.when.priorities:
                yield (
                    f"line {line_of(['policies', number, 'targets', metric, priority], root)}: {policy.name}: "
                    f"{metric} > {priority} never counts: the policy is for {', '.join(policy.when.priorities)} alone"
                )
