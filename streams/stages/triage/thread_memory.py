"""Remembers how many texts of a ticket were scored, so that an endless thread does not cost endlessly."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from schemas.records.thread_rule import ThreadRule

TICKETS: Final = 20_000
"""So many tickets are remembered for each partition, those with the newest messages.

By tracemalloc and with 10 texts to count: 0.45 kB a ticket of one text, at most 2.1 kB, so 10 to 40 MB.
"""


@dataclass(slots=True)
class _Thread:
    """How many texts count since the ticket was opened or last finished, and the newest events, oldest first."""

    answered: int = 0
    known: dict[int, None] = field(default_factory=dict)


class ThreadMemory:
    """What this worker remembers of the threads of one partition; nothing is lost when it is.

    The fold counts for itself and ignores what is above the limit, scored or not. So forgetting a ticket, by a
    restart or for lack of room, costs time and changes no outcome (docs/threads.md names two rare cases that differ).
    """

    def __init__(self, rule: ThreadRule, *, tickets: int = TICKETS) -> None:
        self._most_scored = rule.most_scored
        self._most_known = 2 * rule.most_scored
        self._tickets = tickets
        self._threads: OrderedDict[str, _Thread] = OrderedDict()

    def __len__(self) -> int:
        """Return how many tickets are remembered."""
        return len(self._threads)

    def is_full(self, ticket_id: str) -> bool:
        """Tell whether the model has answered as many texts of this ticket as the rule lets count."""
        thread = self._threads.get(ticket_id)
        return thread is not None and thread.answered >= self._most_scored

    def note(self, ticket_id: str, event: tuple[str, str]) -> None:
        """Remember a text that was answered or is beyond the limit, by its event's source and id.

        Sent again it does not count, as long as it is among the newest of its ticket: twice as many as count.
        """
        thread = self._threads.setdefault(ticket_id, _Thread())
        self._threads.move_to_end(ticket_id)
        if hash(event) not in thread.known:
            thread.known[hash(event)] = None
            thread.answered = min(thread.answered + 1, self._most_scored)
        if len(thread.known) > self._most_known:
            del thread.known[next(iter(thread.known))]
        if len(self._threads) > self._tickets:
            self._threads.popitem(last=False)

    def start_anew(self, ticket_id: str) -> None:
        """Count from nothing: the ticket was finished or reopened, its next message may be about something else."""
        thread = self._threads.get(ticket_id)
        if thread is not None:
            thread.answered = 0
