"""When a model that won its gate is not published by itself, but waits for a person."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from understanding.manifest.releases import Release, barred_versions, last_rollback


class PublishRules(msgspec.Struct, frozen=True, kw_only=True):
    """Whether winners are published without a person, for how many hours after a rollback none is, what is kept."""

    by_itself: bool = True
    rollback_hold_h: float = 24.0
    keep_challengers: int = 3


def reason_to_wait(
    releases: Sequence[Release],
    version: str,
    rules: PublishRules,
    *,
    now: datetime,
    replaces_usable: bool,
) -> str | None:
    """Return why a winner of this version waits for `ticketyard models promote`; None where it need not.

    Where there is no champion that can be loaded (`replaces_usable` is false), only a bar makes it wait.
    """
    barred = barred_versions(releases).get(version)
    if barred is not None:
        return f"it was rolled back at {_moment(barred.decided_at)} ({barred.reason})"
    return _reason_to_hold(releases, rules, now) if replaces_usable else None


def _reason_to_hold(releases: Sequence[Release], rules: PublishRules, now: datetime) -> str | None:
    rollback = last_rollback(releases)
    if rollback is not None:
        until = rollback.decided_at + timedelta(hours=rules.rollback_hold_h)
        if now < until:
            since = f"the rollback of {_moment(rollback.decided_at)} ({rollback.reason})"
            return f"{since} holds new models back until {_moment(until)}"
    if releases and (canary := releases[-1].canary) is not None:
        return f"{canary.version} is being tried as a canary against the current model"
    return None if rules.by_itself else "TICKETYARD_AUTO_PROMOTE is off"


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"
