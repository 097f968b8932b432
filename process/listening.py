"""Where a process listens: a port that is free, the word that it does, and the file that says where."""

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Final

from schemas.errors import Permanent

_POLL_S: Final = 0.02


def choose_port(host: str, wanted: int, setting: str) -> int:
    """Return a port to listen on: `wanted`, or a free one for 0. Raises Permanent where it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError as error:
            raise Permanent(
                f"cannot listen on {host} port {wanted}: {error.strerror}; "
                f"set {setting} to another port, or to 0 for a free one"
            ) from error
        port: int = probe.getsockname()[1]
        return port


async def until_listening(host: str, port: int, running: "asyncio.Task[None]") -> None:
    """Return once somebody can connect, or `running` has ended."""
    while not running.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(_POLL_S)
        else:
            writer.close()
            await writer.wait_closed()
            return


def write_address(path: Path, host: str, port: int) -> str:
    """Say in `path` where this process listens, and return it; whoever reads the file sees all of it or nothing."""
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
    fresh.replace(path)
    return url
