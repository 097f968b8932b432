"""Structured logs: JSON lines where a program reads them, key=value where a person does."""

import logging
import os
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor


def configure_logs(part: str, *, stream: TextIO | None = None, level: str | None = None) -> None:
    """Send every log line of this process, including those of libraries, to `stream` (default stderr).

    Each line names its `part`, the UTC time and the level. A terminal gets coloured key=value text, anything
    else one JSON object a line. `level` defaults to TICKETYARD_LOG_LEVEL, then INFO.
    """
    target = sys.stderr if stream is None else stream
    threshold = (level or os.environ.get("TICKETYARD_LOG_LEVEL") or "INFO").upper()
    structlog.configure(
        processors=[*_shared(part), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(part),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(target)],
        )
    )
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    _quieten_libraries()


def _shared(part: str) -> list[Processor]:
    def name_part(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event.setdefault("part", part)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        name_part,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _ending(target: TextIO) -> list[Processor]:
    if target.isatty():
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _quieten_libraries() -> None:
    """Keep only what needs a person: clients of Kafka report each reconnect as INFO."""
    for name in ("kafka", "aiokafka", "faust", "mode", "asyncio", "httpx", "httpcore", "py4j"):
        logging.getLogger(name).setLevel(logging.WARNING)
