"""Which models this worker uses, and which of them decides a ticket; pure but for the scoring."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from typing import NamedTuple

import structlog

from schemas.triage import Triage
from streams.stages.triage.models.trial_metrics import Role
from understanding.bundle.bundle import Bundle
from understanding.manifest.manifest import Validation
from understanding.signals.priority import PriorityTable
from understanding.understand import CustomerMessage, understand

_log = structlog.get_logger(__name__)


class TicketMessage(NamedTuple):
    """What is understood of an event, and whose ticket it belongs to."""

    ticket_id: str
    said: CustomerMessage


@dataclass(frozen=True)
class LoadedTrial:
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
    canary: LoadedTrial | None = None
    shadow: LoadedTrial | None = None

    @property
    def bundles(self) -> Mapping[Role, Bundle]:
        """Return the model of each role that there is."""
        trials: dict[Role, LoadedTrial | None] = {"canary": self.canary, "shadow": self.shadow}
        found: dict[Role, Bundle] = {"champion": self.champion}
        return found | {role: one.bundle for role, one in trials.items() if one is not None}

    @property
    def validations(self) -> Mapping[str, Validation | None]:
        """What validation rows say of each model that decides, by its version."""
        deciding = (self.champion, *((self.canary.bundle,) if self.canary else ()))
        return {bundle.version: bundle.manifest.validation for bundle in deciding}

    def decide(
        self, messages: Sequence[TicketMessage], priorities: PriorityTable, encoder_budget: int | None
    ) -> list[Triage]:
        """Return one result a message, in order: the canary's for the tickets of its share, else the champion's.

        Both share the `encoder_budget` of the call by their numbers of messages.
        """
        tried = [self.canary is not None and self.canary.covers(message.ticket_id) for message in messages]
        decide = partial(self._decide, priorities=priorities, encoder_budget=encoder_budget, of=len(messages))
        if self.canary is None or not any(tried):
            return decide(self.champion, messages)
        try:
            by_canary = iter(decide(self.canary.bundle, list(compress(messages, tried))))
        except Exception as error:  # noqa: BLE001 - a model on trial stops no ticket, whatever is wrong with it
            _log.error(
                "canary.failed", version=self.canary.bundle.version, error=f"{type(error).__name__}: {error}"
            )
            return decide(self.champion, messages)
        others = [message for message, by_trial in zip(messages, tried, strict=True) if not by_trial]
        by_champion = iter(decide(self.champion, others))
        return [next(by_canary if by_trial else by_champion) for by_trial in tried]

    @staticmethod
    def _decide(
        bundle: Bundle,
        messages: Sequence[TicketMessage],
        *,
        priorities: PriorityTable,
        encoder_budget: int | None,
        of: int,
    ) -> list[Triage]:
        share = None if encoder_budget is None else encoder_budget * len(messages) // max(1, of)
        said = [message.said for message in messages]
        return understand(bundle, said, priorities=priorities, encoder_budget=share)


def in_share(ticket_id: str, salt: str, share: float) -> bool:
    """Tell whether a ticket is among a share (0 to 1) of all, by a hash of its id: the same in every worker.

    Equal salts make shares nested: a ticket in a tenth is also in a fifth. Different salts make them independent.
    """
    digest = hashlib.sha256(f"{salt}\x00{ticket_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
