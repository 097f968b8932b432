"""One line of the report of `ticketyard doctor`."""

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One line of the report: what was looked at, how it is, and how to mend it where it is not right."""

    name: str
    verdict: CheckStatus
    detail: str
    mend: str = ""
