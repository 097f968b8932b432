"""What the demonstration found out, and what of it does not hold."""

from typing import Any

import msgspec

from infra.demo.observation import Latencies


class CheckedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What serving answered to a question, whether that is what a recount gives, and how fresh it was."""

    words: str
    columns: list[str]
    rows: list[list[Any]]
    right: bool
    run_id: str | None
    boundary: str
    watermark: str | None
    freshness_s: float | None
    complete: bool


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the demonstration shows at its end."""

    events_in: int
    tickets_in: int
    triaged: int
    routed: int
    held_by_people: int
    dead: int
    bad_records_sent: int
    first_routed_after_s: float
    latencies: Latencies
    model_version: str
    test_accuracy: float | None
    stream_accuracy: float
    answers: tuple[CheckedAnswer, ...]

    def failures(self) -> list[str]:
        """Return what does not hold, in words; empty when everything does. How long it took is no part of it."""
        routed = self.routed + self.held_by_people
        checks = {
            f"{self.tickets_in - self.triaged} tickets were not triaged": self.triaged == self.tickets_in,
            f"{self.tickets_in - routed} tickets were not routed": routed == self.tickets_in,
            f"{self.bad_records_sent} bad records gave {self.dead} dead letters": self.dead
            == self.bad_records_sent,
        }
        for answer in self.answers:
            checks[f"serving and the recount differ on {answer.words}"] = answer.right
            checks[f"the answer on {answer.words} is not complete"] = answer.complete
            checks[f"the answer on {answer.words} has no batch run under it"] = answer.run_id is not None
        return [words for words, holds in checks.items() if not holds]
