"""How one agent works on several tickets at once: time is shared out by urgency, and many at once cost throughput."""

from simulation.desk.life import Life
from simulation.world.crew import Person
from simulation.world.world import Work


class Worker:
    """One agent in time: `holding` is what they have, `jobs` those of it with work to do now.

    Call `at` before whatever changes jobs or shift.
    """

    def __init__(self, person: Person, work: Work) -> None:
        """Begin off shift, with nothing to do."""
        self.person = person
        self.on_shift = False
        self.busy_s = 0.0
        self.shift_s = 0.0
        self.version = 0
        self.holding: dict[str, Life] = {}
        self.jobs: dict[str, Life] = {}
        self._work = work
        self._now = 0.0

    def at(self, now: float) -> None:
        """Let time pass up to `now` with the jobs as they are."""
        elapsed, self._now = now - self._now, now
        if not self.on_shift or elapsed <= 0:
            return
        self.shift_s += elapsed
        if self.jobs:
            self.busy_s += elapsed
        for job, rate in self._rates():
            job.due_work -= elapsed * rate

    def drop(self, life: Life) -> None:
        """Give a ticket away."""
        del self.holding[life.ticket_id]
        self.jobs.pop(life.ticket_id, None)

    def next(self) -> float | None:
        """Return when the first job comes to its point, None without one; what was said before is void."""
        self.version += 1
        if not self.on_shift or not self.jobs:
            return None
        return self._now + min(max(0.0, job.due_work) / rate for job, rate in self._rates())

    def foremost(self) -> Life:
        """Return the job that has come to its point."""
        return min(self._rates(), key=lambda found: found[0].due_work / found[1])[0]

    def _rates(self) -> list[tuple[Life, float]]:
        """Return each job with the work that gets done on it in a second."""
        attention, levels = self._work.attention, self._work.throughput
        jobs = list(self.jobs.values())
        if not jobs:
            return []
        share = levels[min(len(jobs), len(levels)) - 1] / sum(attention[job.priority] for job in jobs)
        return [(job, job.speed * share * attention[job.priority]) for job in jobs]
