"""Which models are at work in this worker, and which of them decides a ticket; pure but for the scoring."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import structlog

from schemas.model.bundle import Bundle
from schemas.model.scoring import score
from schemas.triage import Triage

_log = structlog.get_logger(__name__)


class Message(NamedTuple):
    """What is scored of an event: the words (None where there are none), and whose ticket they belong to."""

    ticket_id: str
    text: str | None


@dataclass(frozen=True)
class Trial:
    """A loaded model that is tried on a share of the tickets."""

    bundle: Bundle
    share: float
    salt: str

    def covers(self, ticket_id: str) -> bool:
        """Tell whether a ticket belongs to the share."""
        return in_share(ticket_id, self.salt, self.share)


@dataclass(frozen=True)
class Deployment:
    """The model that decides, and those beside it; replaced whole, so that a call sees one picture."""

    champion: Bundle
    canary: Trial | None = None
    shadow: Trial | None = None

    def decide(self, messages: Sequence[Message]) -> list[Triage]:
        """Return one result a message, in order: the canary's for the tickets of its share, else the champion's."""
        tried = {
            place
            for place, message in enumerate(messages)
            if self.canary is not None and self.canary.covers(message.ticket_id)
        }
        if self.canary is None or not tried:
            return score(self.champion, [message.text for message in messages])
        texts = [message.text for message in messages]
        try:
            by_canary = iter(score(self.canary.bundle, [texts[place] for place in sorted(tried)]))
        except Exception as error:  # noqa: BLE001 - a model on trial stops no ticket, whatever is wrong with it
            _log.error(
                "canary.failed", version=self.canary.bundle.version, error=f"{type(error).__name__}: {error}"
            )
            return score(self.champion, texts)
        others = [text for place, text in enumerate(texts) if place not in tried]
        by_champion = iter(score(self.champion, others))
        return [next(by_canary if place in tried else by_champion) for place in range(len(texts))]


def in_share(ticket_id: str, salt: str, share: float) -> bool:
    """Tell whether a ticket is among a share (0 to 1) of all, by a hash of its id: the same in every worker.

    Equal salts make shares nested: a ticket in a tenth is also in a fifth. Different salts make them independent.
    """
    digest = hashlib.sha256(f"{salt}\x00{ticket_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
