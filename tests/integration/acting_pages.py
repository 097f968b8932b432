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
from tests.patience import PATIENCE_S
from tests.unit.serving.waiting import wait_for

START_S: Final = 180
"""How long a server may take to start; a test that starts two has pytest's patience left for the rest."""


class Door(BaseHTTPRequestHandler):
    """A door for events that says what a test wants it to; `taken` are the bodies that it was sent."""

    status: ClassVar[int] = 202
    message: ClassVar[str] = ""
    taken: ClassVar[list[Any]] = []

    def do_GET(self) -> None:
        """Show a dead letter, the same for each id."""
        value = json.dumps({"ticket_id": "T-9", "channel": "email", "text": "<b>Where is it?</b>"})
        headers = [["ce_id", "e-9"], ["ce_type", "TicketOpened"], ["ce_source", "shop"], ["odd", None]]
        letter = {"letter_id": self.path.split("/")[3].partition("?")[0], "key": "T-9", "headers": headers}
        about = {"value": value, "value_bytes": len(value), "is_text": True, "whole": True}
        self._answer(200, letter | about | {"arrived_at": "2026-03-02T08:00:00Z"})

    def do_POST(self) -> None:
        """Answer one request."""
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.partition("?")[0].endswith("/check"):
            fits = "customer_id" in (said.get("value") or "")
            message = "TicketOpened e-9: Object missing required field `customer_id`"
            refused = {"ok": False, "error": {"type": "InvalidBody", "message": message, "status": 400}}
            self._answer(200 if fits else 400, {"ok": True} if fits else refused)
            return
        Door.taken.append(said | {"path": self.path} if "dead-letters" in self.path else said)
        place: dict[str, Any] = {"partition": 0, "offset": 7}
        if "dead-letters" in self.path:
            place |= {"note_id": f"note-{len(Door.taken)}"}
        body: dict[str, Any] = {"events": [place] * len(said)} if isinstance(said, list) else place
        if Door.status != 202:
            body = {"ok": False, "error": {"type": "T", "message": Door.message, "status": Door.status}}
        self._answer(Door.status, body)

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
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
            self._process.communicate(timeout=PATIENCE_S)
            self._process = None

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None
        try:
            told = (self._home / "run" / "serving.json").read_text(encoding="utf-8")
            self.url = str(json.loads(told)["url"])
            with urllib.request.urlopen(f"{self.url}/ready", timeout=PATIENCE_S) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
