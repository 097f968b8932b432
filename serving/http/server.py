"""Runs the application on granian in this one process, until it is told to stop."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from granian.constants import Interfaces
from granian.server.embed import Server

from process.priority import step_back
from schemas.errors import Permanent
from serving.assembly.service import Serving
from serving.foundation.errors import TailFailed
from serving.foundation.settings import ServingSettings
from serving.http.app import build_app

_log = structlog.get_logger(__name__)
_LISTENING_POLL_S = 0.02


Made = Callable[[ServingSettings, Callable[[], object]], Serving]


def _made(settings: ServingSettings, on_failure: Callable[[], object]) -> Serving:
    return Serving(settings, on_failure=on_failure)


def serve(settings: ServingSettings, made: Made = _made) -> None:
    """Serve until SIGTERM or SIGINT. Raises Permanent where the port is taken, TailFailed where the tail dies.

    Lowers this process's priority for good: no scan and no explanation is worth a ticket that waits.
    """
    step_back(settings.serving_niceness)
    port = choose_port(settings.http_host, settings.http_port)
    try:
        asyncio.run(_serve(settings, settings.http_host, port, made))
    finally:
        settings.address_file.unlink(missing_ok=True)
        _log.info("serving has stopped")


def choose_port(host: str, wanted: int) -> int:
    """Return a port to listen on: `wanted`, or a free one for 0. Raises Permanent where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise Permanent(
                f"cannot listen on {host} port {wanted}: {error.strerror}; "
                "set TICKETYARD_HTTP_PORT to another port, or to 0 for a free one"
            ) from error
        port: int = probe.getsockname()[1]
        return port


async def _serve(settings: ServingSettings, host: str, port: int, made: Made) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = made(settings, lambda: loop.call_soon_threadsafe(stop.set))
    serving.start()
    try:
        await _listen(serving, host, port, stop)
        failure = serving.status.failure
    finally:
        serving.stop()
    if failure:
        # Whoever supervises starts the process again.
        raise TailFailed(f"the tail has failed ({failure}); start serving again")


async def _listen(serving: Serving, host: str, port: int, stop: asyncio.Event) -> None:
    server: Any = Server(build_app(serving), host, port, interface=Interfaces.ASGI, log_enabled=False)
    running = asyncio.create_task(server.serve())
    await _until_listening(host, port, running)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    write_address(serving.settings.address_file, url)
    _log.info("serving", url=url)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.stop()
    await running


async def _until_listening(host: str, port: int, running: asyncio.Task[None]) -> None:
    while not running.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(_LISTENING_POLL_S)
        else:
            writer.close()
            await writer.wait_closed()
            return


def write_address(path: Path, url: str) -> None:
    """Say in `path` where this process listens; whoever reads it sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
    fresh.replace(path)
