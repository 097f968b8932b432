"""Reports pressure in triage to Prometheus and the log: what waits, what gives way, and what that costs."""

from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from streams.stages.triage.pressure.pressure import PressureReading
from understanding.manifest.manifest import Validation

_log = structlog.get_logger(__name__)
SHARE: Final = "ticketyard_encoder_share"
DELAY: Final = "ticketyard_triage_delay_seconds"
LAG_GROWS: Final = "ticketyard_triage_lag_grows"
ASKED: Final = "ticketyard_encoder_asked"
LEFT_OUT: Final = "ticketyard_encoder_left_out"
ERRORS: Final = "ticketyard_encoder_left_out_errors"


def errors_a_text(validation: Validation | None) -> float:
    """Return how many answers are wrong for each text that the encoder is not let read, by validation rows.

    That is (accuracy - accuracy of the n-grams alone) / part of the rows that the encoder decided: without the encoder
    exactly these rows are decided otherwise. 0 where there were no rows, or the encoder brought nothing. The encoder
    gives up the surest texts first, so it is what such a text costs at most, on the average of many.
    """
    if validation is None or not validation.encoder_share:
        return 0.0
    return max(0.0, validation.accuracy - validation.ngrams_accuracy) / validation.encoder_share


class PressureMetrics:
    """Gauges of now, counters of what was left out, and a line in the log when lag begins to grow or has ended."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._share = Gauge(
            SHARE, "Share of the texts asking for the encoder that it may read.", registry=registry
        )
        self._delay = Gauge(DELAY, "How long records wait in triage, waited or foreseen.", registry=registry)
        self._lag_grows = Gauge(LAG_GROWS, "1 while nothing is left to give way.", registry=registry)
        self._asked = Counter(ASKED, "Texts that asked for the encoder.", registry=registry)
        self._left_out = Counter(
            LEFT_OUT, "Texts that it was not let read, so n-grams decided.", registry=registry
        )
        self._errors = Counter(
            ERRORS, "Estimate: wrong answers that leaving texts out has cost.", registry=registry
        )
        self._share.set(1.0)
        self._told = False

    def show(self, look: PressureReading, *, gives_way: bool) -> None:
        """Show the state of now; `gives_way` is whether the encoder follows the share."""
        self._share.set(look.share if gives_way else 1.0)
        self._delay.set(look.delay_s)
        self._lag_grows.set(look.exhausted)
        if look.exhausted == self._told:
            return
        self._told = look.exhausted
        if look.exhausted:
            _log.warning(
                "triage.lag_grows",
                delay_s=round(look.delay_s, 3),
                act="more comes than this worker can decide, and nothing is left to give way: free its cores, or "
                "start another worker of triage",
            )
        else:
            _log.info("triage.lag_is_over", delay_s=round(look.delay_s, 3))

    def asked(self, asked: int, left_out: Sequence[Validation | None]) -> None:
        """Count the texts of a call that asked for the encoder, and those left out, by what is known of their model."""
        self._asked.inc(asked)
        self._left_out.inc(len(left_out))
        self._errors.inc(sum(errors_a_text(validation) for validation in left_out))
