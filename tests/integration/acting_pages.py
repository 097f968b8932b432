"""What tests of acting share: a door for events that says what a test wants, a server of pages that starts again."""

import json
import os
import subprocess
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from schemas.settings import CommonSettings
from tests.page_browser import ROOT
from tests.unit.serving.waiting import wait_for

START_S: Final = 180
"""How long a server may take to start; a test that starts two has pytest's patience left for the rest."""


class Door(BaseHTTPRequestHandler):
    """A door for events that says what a test wants it to; `taken` are the bodies that it was sent."""

    status: ClassVar[int] = 202
    message: ClassVar[str] = ""
    taken: ClassVar[list[Any]] = []

    def do_POST(self) -> None:
        """Answer one request."""
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        Door.taken.append(said)
        place = {"partition": 0, "offset": 7}
        body: dict[str, Any] = {"events": [place] * len(said)} if isinstance(said, list) else place
        if Door.status != 202:
            body = {"ok": False, "error": {"type": "T", "message": Door.message, "status": Door.status}}
        encoded = json.dumps(body).encode()
        self.send_response(Door.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(encoded)))
        self.send_header("retry-after", "1")
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class OpenDoor:
    """A door at one address, which can close and open again."""

    def __init__(self) -> None:
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.open()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Listen, unless it does."""
        if self._server is not None:
            return
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Door)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Pages:
    """A server of pages that can be started again with other settings, at the address that it had."""

    def __init__(self, home: Path) -> None:
        self.url = ""
        self._home = home
        (home / "jars").symlink_to(CommonSettings().jars_folder)
        self._process: subprocess.Popen[str] | None = None

    def start(self, intake_url: str, key: str = "") -> None:
        """Start the server, in the place of one that ran before."""
        self.stop()
        environment = os.environ | {"TICKETYARD_INTAKE_URL": intake_url, "TICKETYARD_INTAKE_KEY": key}
        port = urlsplit(self.url).port or 0
        command = [sys.executable, "-m", "tests.page_server", str(self._home), str(port)]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, text=True)
        wait_for(self._ready, "the server is ready", timeout_s=START_S)

    def stop(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=60)
            self._process = None

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None
        try:
            told = (self._home / "run" / "serving.json").read_text(encoding="utf-8")
            self.url = str(json.loads(told)["url"])
            with urllib.request.urlopen(f"{self.url}/ready", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
