"""One ticket in the hands of people: what is left to do, who has it, and what has become of it so far."""

from schemas.records.sla_clock import SlaMetric, SlaState
from schemas.records.ticket_row import TicketRow
from schemas.vocabulary import Priority
from simulation.world.demand import Case


class Life:
    """What is true of a ticket now. Work is in seconds at speed 1; moments are seconds after the start."""

    def __init__(self, case: Case) -> None:
        """Begin before anybody has it."""
        self.case = case
        self.priority: Priority = case.opening.priority
        self.total = case.minutes * 60
        self.left = self.total
        self.rounds = case.rounds
        self.due_work = 0.0
        self.looking = False
        self.looked = 0.0
        self.speed = 1.0
        self.holder: str | None = None
        self.hands = 0
        self.reopenings = 0
        self.first_assigned_s: float | None = None
        self.first_reply_s: float | None = None
        self.waiting_since_s: float | None = case.opening.at_s
        self.waited_s = 0.0
        self.asked_s: float | None = None
        self.paused_s = 0.0
        self.resolved_s: float | None = None
        self.gave_up = False
        self.last_skill = 0.0
        self.row: TicketRow | None = None
        self.label_is_wrong = case.intent != case.opening.intent

    @property
    def ticket_id(self) -> str:
        """Return its id."""
        return self.case.opening.ticket_id

    @property
    def reassignments(self) -> int:
        """How often it went from one agent to another, by its row."""
        return 0 if self.row is None else self.row.reassignments

    def kept(self, metric: SlaMetric) -> bool:
        """Tell whether a promise was kept, by its row; of what the customer gave up, none was."""
        clocks = () if self.row is None or self.gave_up else self.row.sla
        return any(clock.metric is metric and clock.state is SlaState.MET for clock in clocks)

    @property
    def ended(self) -> bool:
        """Whether nobody works on it any more."""
        return self.resolved_s is not None or self.gave_up

    def taken(self, agent_id: str, speed: float, look: float, now: float) -> None:
        """An agent has it: they look at it first, before it is known whether they can help."""
        self.holder, self.speed = agent_id, speed
        self.hands += 1
        if self.first_assigned_s is None:
            self.first_assigned_s = now
        self._end_wait(now)
        self.looking, self.looked = True, min(look, self.left)
        self.due_work = self.looked
        self.left -= self.due_work

    def dropped(self, now: float) -> None:
        """Nobody has it any more; what was not done of the part at hand is left to do."""
        self.left += max(0.0, self.due_work)
        self.due_work, self.looking, self.holder = 0.0, False, None
        self.waiting_since_s = None if self.ended else now

    def replied(self, now: float) -> None:
        """An agent has answered."""
        if self.first_reply_s is None:
            self.first_reply_s = now

    def go_on(self) -> None:
        """Begin the next part: up to the next question to the customer, or to the end."""
        self.looking = False
        self.due_work = self.left / (self.rounds + 1)
        self.left -= self.due_work

    def ask(self, now: float) -> None:
        """The customer was asked."""
        self.asked_s = now
        self.rounds -= 1

    def answered(self, now: float) -> None:
        """The customer has answered."""
        if self.asked_s is not None:
            self.paused_s += now - self.asked_s
        self.asked_s = None

    def ended_at(self, now: float, *, gave_up: bool = False) -> None:
        """It is over for now: solved, or given up by the customer."""
        self._end_wait(now)
        self.gave_up = gave_up
        self.resolved_s = None if gave_up else now

    def reopened(self, now: float, work: float) -> None:
        """The customer came back; so much work is to do."""
        assert self.resolved_s is not None
        self.paused_s += now - self.resolved_s  # the time in which nobody wanted anything counts for nobody
        self.reopenings += 1
        self.resolved_s = None
        self.left, self.due_work = work, 0.0
        self.waiting_since_s = now

    def _end_wait(self, now: float) -> None:
        if self.waiting_since_s is not None:
            self.waited_s += now - self.waiting_since_s
        self.waiting_since_s = None
