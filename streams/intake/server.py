"""Runs the door on granian in this one process, until it is told to stop."""

import asyncio
import signal
import sys
from typing import Any, NoReturn

import structlog
from granian.constants import Interfaces
from granian.server.embed import Server

from process.listening import choose_port, until_listening, write_address
from process.logs import configure_logs
from schemas.errors import Permanent
from streams.foundation.errors import EXIT_RESTART, EXIT_STAY_DOWN
from streams.foundation.settings import StreamSettings
from streams.intake.app import build_app
from streams.intake.callers import require_key
from streams.intake.delivery import KafkaSender
from streams.intake.service import Intake

_log = structlog.get_logger(__name__)


def run_intake(settings: StreamSettings) -> NoReturn:
    """Take events until SIGTERM or SIGINT; never returns. A Permanent error ends with exit code 78, as a stage does."""
    configure_logs("intake")
    try:
        failure = serve(settings)
    except Permanent as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(EXIT_STAY_DOWN)
    sys.exit(EXIT_RESTART if failure else 0)


def serve(settings: StreamSettings) -> str | None:
    """Take events until a signal; return why the producer has failed, if it has. Raises Permanent."""
    require_key(settings)
    settings.required_bootstrap_servers()
    port = choose_port(settings.intake_host, settings.intake_port, "TICKETYARD_INTAKE_PORT")
    try:
        return asyncio.run(_serve(settings, port))
    finally:
        settings.intake_address_file.unlink(missing_ok=True)
        _log.info("intake.stopped")


async def _serve(settings: StreamSettings, port: int) -> str | None:
    loop, stop, failures = asyncio.get_running_loop(), asyncio.Event(), list[str]()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def failed(why: str) -> None:
        _log.error("intake.producer_failed", error=why, act="the door starts again")
        failures.append(why)
        loop.call_soon_threadsafe(stop.set)

    sender = KafkaSender(settings, failed)
    intake = Intake(settings, sender)
    try:
        await _listen(intake, port, stop)
    finally:
        await intake.letters.close()
        await asyncio.to_thread(sender.close)
    return failures[0] if failures else None


async def _listen(intake: Intake, port: int, stop: asyncio.Event) -> None:
    settings, host = intake.settings, intake.settings.intake_host
    server: Any = Server(build_app(intake), host, port, interface=Interfaces.ASGI, log_enabled=False)
    running = asyncio.create_task(server.serve())
    await until_listening(host, port, running)
    _log.info("intake.listens", url=write_address(settings.intake_address_file, host, port))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await _let_finish(intake)
    server.stop()
    await running


async def _let_finish(intake: Intake) -> None:
    """Take nothing new, and wait until everything that was taken is answered."""
    intake.stopping = True
    try:
        async with asyncio.timeout(intake.settings.intake_timeout_s):
            await intake.room.empty.wait()
    except TimeoutError:
        _log.warning("intake.left_unanswered", requests=intake.room.requests)
