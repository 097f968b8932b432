"""What the verifier found: how often each kind of fault occurs, with a few examples of each."""

from dataclasses import dataclass, field
from typing import Final

_EXAMPLES: Final = 5

KINDS: Final = {
    "lost_events": "ticket events that are neither in tickets.log nor dead letters",
    "lost_agent_updates": "agents whose last update their team never heard of, or whose roster revisions have gaps",
    "lost_work": "changes that routing depends on, of which no team was told",
    "lost_decisions": "decisions that neither reached tickets.log nor were superseded, or were never sent",
    "lost_notes": "open tickets that do not know how many tickets of their customer are open",
    "undecided": "wanted tickets about which routing never said anything",
    "conflicting_copies": "records with the same id and different contents",
    "visible_duplicates": "two log records of one revision, or of one event, after equal ids were removed",
    "revision_gaps": "tickets whose revisions are not 1, 2, 3 ...",
    "unfounded": "log records or work of which no topic has the cause",
    "decided_twice": "more than one assignment of one routing revision",
    "unasked_decisions": "decisions about what was not asked, or was outdated when it was decided",
    "above_capacity": "assignments to an agent without room, unavailable, or not of the team",
    "torn_steps": "routing steps that two owners made, or that went back in their inputs",
}
"""Every kind of fault, in words."""


@dataclass
class Findings:
    """Counts by kind (all of KINDS, zero included) and the figures of what was looked at."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    examples: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, example: str) -> None:
        """Note one fault."""
        self.counts[kind] += 1
        kept = self.examples.setdefault(kind, [])
        if len(kept) < _EXAMPLES:
            kept.append(example)

    def count(self, figure: str, by: int = 1) -> None:
        """Add to a figure."""
        self.figures[figure] = self.figures.get(figure, 0) + by

    @property
    def faults(self) -> dict[str, int]:
        """Return the kinds that occur, with their counts."""
        return {kind: count for kind, count in self.counts.items() if count}

    @property
    def missing(self) -> int:
        """Return how much has not arrived: what an unfinished run still owes."""
        owed = ("lost_events", "lost_agent_updates", "lost_work", "lost_decisions", "lost_notes", "undecided")
        return sum(self.counts[kind] for kind in owed)

    def __str__(self) -> str:
        """Return everything as lines to read."""
        lines = [f"  {name}: {count:,}" for name, count in self.figures.items()]
        for kind, count in self.counts.items():
            lines.append(f"  {kind}: {count}   ({KINDS[kind]})")
            lines += [f"      {example}" for example in self.examples.get(kind, ())]
        return "\n".join(lines)
