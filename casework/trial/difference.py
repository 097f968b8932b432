"""What changes between two sets of rules, as a person decides by: by rule, with tickets to look at."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import msgspec

from casework.trial.trial import Raised

SHOWN: Final = 10


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Of one rule: on how many tickets it fired and would fire, and the first tickets of each kind, oldest first."""

    rule: str
    now: int
    then: int
    newly: tuple[str, ...]
    no_longer: tuple[str, ...]
    newly_count: int
    no_longer_count: int

    @property
    def changes(self) -> bool:
        """Whether anything is different."""
        return bool(self.newly_count or self.no_longer_count)


def differences(now: Raised, then: Raised) -> Iterator[Difference]:
    """Yield a line for each rule that raised anything under the rules of now, or those of then, by its name."""
    for rule in sorted({*now, *then}):
        before, after = now.get(rule, {}), then.get(rule, {})
        newly, gone = _without(after, before), _without(before, after)
        yield Difference(
            rule=rule,
            now=len(before),
            then=len(after),
            newly=tuple(newly[:SHOWN]),
            no_longer=tuple(gone[:SHOWN]),
            newly_count=len(newly),
            no_longer_count=len(gone),
        )


def _without(raised: Mapping[str, datetime], other: Mapping[str, datetime]) -> list[str]:
    """Return the tickets that the other lacks, those of the earliest first."""
    return [
        ticket_id for _, ticket_id in sorted((at, name) for name, at in raised.items() if name not in other)
    ]
