"""A real HTTP server that receives webhooks, and does with each path what the receivers of others do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

SILENT, TRICKLE, ENDLESS = "silent", "trickle", "endless"
"""Answers never; a header that never ends, a byte at a time; a status and then a body without end."""


class Received(NamedTuple):
    """A request that came in whole."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver(ThreadingHTTPServer):
    """Answers each path as `answers` says, a status or one of the ways above; 200 where it says nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, int | str] = {}
        self.received: list[Received] = []
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def at(self, path: str) -> list[Received]:
        """Return what came in at a path."""
        return [request for request in list(self.received) if request.path == path]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append(Received(self.path, headers, body))
        answer = self.server.answers.get(self.path, 200)
        if answer == SILENT:
            self.server.ended.wait()
        elif answer == TRICKLE:
            self._for_ever(b"HTTP/1.1 200 OK\r\nx-slow: ")
        elif answer == ENDLESS:
            self._for_ever(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            assert isinstance(answer, int)
            self.send_response(answer)
            if answer // 100 == 3:
                self.send_header("location", "/elsewhere")
            self.end_headers()

    def _for_ever(self, begin: bytes) -> None:
        try:
            self.wfile.write(begin)
            while not self.server.ended.wait(0.01):
                self.wfile.write(b"x")
        except OSError:
            self.close_connection = True  # the other side has had enough

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class calls it
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver for the block."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        receiver.shutdown()
        receiver.server_close()
        thread.join()
