"""Who is posted to: a small HTTP server on this computer that keeps what came and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SOON_S = 20.0


@dataclass
class Got:
    """One POST: where to, its headers in lower case, and its JSON."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Receiver:
    """`statuses` are its answers in order, the last one again and again; 0 hangs up without one."""

    statuses: Sequence[int] = (200,)
    port: int = 0
    got: list[Got] = field(default_factory=list)
    connections: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def url(self, path: str = "/hook", login: str = "") -> str:
        return f"http://{login}127.0.0.1:{self.port}{path}"

    def wait(self, enough: Callable[[list[Got]], bool]) -> list[Got]:
        """What came, once it is enough."""
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self.got), SOON_S), [it.body for it in self.got]
            return list(self.got)

    def first(self, count: int) -> list[Got]:
        return self.wait(lambda got: len(got) >= count)[:count]

    def take(self, got: Got) -> int:
        with self._changed:
            status = self.statuses[min(len(self.got), len(self.statuses) - 1)]
            self.got.append(got)
            self._changed.notify_all()
            return status


@contextmanager
def receiving(*statuses: int, port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver(statuses or (200,))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            receiver.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(Got(self.path, headers, body))
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"OK")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server(("127.0.0.1", port), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
