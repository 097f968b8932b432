"""Runs the application on granian in this one process, until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import structlog
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar

from process.listening import choose_port, until_listening, write_address
from process.priority import step_back
from serving.acting.model_acts import ModelChanges
from serving.assembly.service import Serving
from serving.foundation.errors import TailFailed
from serving.foundation.settings import ServingSettings
from serving.http.app import build_app
from serving.pages.system.doctor import Checks

_log = structlog.get_logger(__name__)


_PATIENCE_S = 5.0
"""How long open answers may take to end before serving ends without them."""

_OTHER_PLACES = 128
"""How many requests are answered at the same time beside those that listen."""

Made = Callable[[ServingSettings, Callable[[], object]], Serving]


def _made(settings: ServingSettings, on_failure: Callable[[], object]) -> Serving:
    return Serving(settings, on_failure=on_failure)


def serve(
    settings: ServingSettings,
    made: Made = _made,
    checks: Checks | None = None,
    changes: ModelChanges | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. Raises Permanent where the port is taken, TailFailed where the tail dies.

    `checks` say how what runs here is, for the page System; `changes` promotes and rolls back models on pages.

    Lowers this process's priority for good: no scan and no explanation is worth a ticket that waits.
    """
    step_back(settings.serving_niceness)
    port = choose_port(settings.http_host, settings.http_port, "TICKETYARD_HTTP_PORT")
    try:
        asyncio.run(_serve(settings, port, made, checks, changes))
    finally:
        settings.address_file.unlink(missing_ok=True)
        _log.info("serving has stopped")


async def _serve(
    settings: ServingSettings, port: int, made: Made, checks: Checks | None, changes: ModelChanges | None
) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = made(settings, lambda: loop.call_soon_threadsafe(stop.set))
    serving.start()
    try:
        app = build_app(serving, checks=checks, changes=changes)
        await _listen(serving, settings.http_host, app, port, stop)
        failure = serving.status.failure
    finally:
        serving.stop()
    if failure:
        # Whoever supervises starts the process again.
        raise TailFailed(f"the tail has failed ({failure}); start serving again")


async def _listen(serving: Serving, host: str, app: Litestar, port: int, stop: asyncio.Event) -> None:
    # Whoever listens holds a place for as long as they do; by default the server has 128, and then is deaf to all.
    places = serving.settings.live_listeners + _OTHER_PLACES
    server: Any = Server(
        app,
        host,
        port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        backlog=places,
        backpressure=places,
    )
    running = asyncio.create_task(server.serve())
    await until_listening(host, port, running)
    _log.info("serving", url=write_address(serving.settings.address_file, host, port))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    # A page that is left open listens for ever, and one that reads no more cannot even be told.
    serving.leaving.set()
    server.stop()
    done, _ = await asyncio.wait({running}, timeout=_PATIENCE_S)
    if not done:
        _log.warning("somebody does not let go of an answer; serving ends without them")
        running.cancel()
        return
    await running
