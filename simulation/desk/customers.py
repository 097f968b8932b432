"""What customers do: they open tickets, answer, give up, and come back."""

from schemas.records.events import MessageAdded, TicketClosed, TicketOpened
from schemas.vocabulary import Author
from simulation.desk.agenda import Kind
from simulation.desk.floor import Floor
from simulation.desk.life import Life


class Customers:
    """All customers of a desk; each method is one of them acting on a ticket."""

    def __init__(self, floor: Floor) -> None:
        """Let them act on a floor."""
        self._floor = floor

    def opens(self, now: float, life: Life) -> None:
        """A ticket arrives."""
        floor, opening, patience = self._floor, life.case.opening, life.case.patience_s
        floor.coming, floor.open = floor.coming - 1, floor.open + 1
        body = TicketOpened(
            ticket_id=opening.ticket_id,
            customer_id=opening.customer_id,
            channel=opening.channel,
            customer_tier=opening.tier,
            priority=opening.priority,
            category=opening.category,
            intent=opening.intent,
            team=opening.team,
            language=opening.language,
        )
        floor.say(now, body)
        if patience is not None:
            floor.agenda.plan(now + patience, Kind.GIVE_UP, life.ticket_id)

    def gives_up(self, now: float, life: Life) -> None:
        """Their patience is over; it matters only where no agent has had the ticket."""
        if life.first_assigned_s is None and not life.ended:
            self._floor.end(now, life, gave_up=True)
            self._floor.say(now, TicketClosed(ticket_id=life.ticket_id, closed_by="customer"))

    def answers(self, now: float, life: Life) -> None:
        """They answer what an agent asked; the agent goes on, or looks at it if it is another one now."""
        life.answered(now)
        self._writes(now, life)
        if life.holder is not None:
            if not life.looking:
                life.go_on()
            self._floor.resume(now, life)

    def comes_back(self, now: float, life: Life) -> None:
        """The solution was none."""
        floor = self._floor
        floor.coming, floor.open = floor.coming - 1, floor.open + 1
        life.reopened(now, life.total * floor.world.customers.reopens.work)
        self._writes(now, life)

    def _writes(self, now: float, life: Life) -> None:
        body = MessageAdded(
            ticket_id=life.ticket_id, author=Author.CUSTOMER, author_id=life.case.opening.customer_id
        )
        self._floor.say(now, body)
