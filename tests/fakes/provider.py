"""A real HTTP server on loopback: it accepts, refuses or fails as planned, and counts what it accepted."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.facts import PLACED


class Fault(StrEnum):
    """What can go wrong on the way. The last word of each says whether the provider has the message."""

    DROPPED_BEFORE = "connection dropped, not accepted"
    DROPPED_AFTER = "connection dropped, accepted"
    SILENT_BEFORE = "no answer, not accepted"
    SILENT_AFTER = "no answer, accepted"
    CUT_AFTER = "body cut off, accepted"
    GARBLED_AFTER = "unreadable success, accepted"
    ERROR_BEFORE = "500, not accepted"
    ERROR_AFTER = "500, accepted"
    SLOW_AFTER = "slow answer, accepted"

    @property
    def accepts(self) -> bool:
        """Whether the provider has the message all the same."""
        return self.name.endswith("AFTER")


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, status: int, content: Any, **headers: str) -> Reply:
        """Answer with JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(content).encode(), {"Content-Type": "application/json", **named})


Plan = Callable[[], "Fault | Reply | None"]


def nothing() -> None:
    """Plan no fault."""


class FakeProvider:
    """What all providers have: a clock, a plan of faults for the next message, and a count of connections."""

    def __init__(self) -> None:
        """Start with a good day. `plan` is called once for each message that would be accepted."""
        self.now: datetime = PLACED
        self.plan: Plan = nothing
        self.base = ""
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.connections = 0
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[Reply, Fault | None]:
        """Return what to answer, and what goes wrong with it on the way."""
        raise NotImplementedError

    def faulty(self, accept: Callable[[], Reply], error: Callable[[], Reply]) -> tuple[Reply, Fault | None]:
        """Accept a message or not, as the plan says. ``error`` makes the provider's own 500."""
        planned = self.plan()
        if isinstance(planned, Reply):
            return planned, None
        reply = accept() if planned is None or planned.accepts else error()
        return (error() if planned is Fault.ERROR_AFTER else reply), planned


@contextmanager
def serving(provider: FakeProvider, certificate: Path | None = None) -> Iterator[str]:
    """Serve a provider on a free port of loopback, by TLS with a certificate; gives its base address."""

    class Handler(_Handler):
        fake = provider

    server = _Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    provider.base = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield provider.base
    finally:
        provider.released.set()
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """Ends with all its connections closed and all its threads joined."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Wake every thread that waits for a further request of a connection that is kept open."""
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    fake: FakeProvider
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        with self.fake.lock:
            self.fake.connections += 1

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = dict(self.headers.items())
        with self.fake.lock:
            self.fake.requests.append((self.command, self.path, headers, body))
            reply, fault = self.fake.answer(self.command, self.path, headers, body)
        with contextlib.suppress(OSError):
            self._write(reply, fault)

    def _write(self, reply: Reply, fault: Fault | None) -> None:
        if fault in (Fault.DROPPED_BEFORE, Fault.DROPPED_AFTER):
            self._drop()
        elif fault in (Fault.SILENT_BEFORE, Fault.SILENT_AFTER):
            self._wait_for_the_client_to_give_up()
        elif fault is Fault.CUT_AFTER:
            self._head(reply, length=len(reply.body) + 100)
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.close_connection = True
        elif fault is Fault.GARBLED_AFTER:
            self._whole(Reply(200, b"<html>proxy</html>", {"Content-Type": "text/html"}))
        elif fault is Fault.SLOW_AFTER:
            self._drip(reply)
        else:
            self._whole(reply)

    def _head(self, reply: Reply, length: int) -> None:
        self.send_response_only(reply.status)
        self.send_header("Date", format_datetime(self.fake.now.astimezone(UTC), usegmt=True))
        self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _whole(self, reply: Reply) -> None:
        self._head(reply, len(reply.body))
        self.wfile.write(reply.body)

    def _drip(self, reply: Reply) -> None:
        """Answer in pieces, each well within the client's patience."""
        self._head(reply, len(reply.body))
        for start in range(0, len(reply.body), 64):
            self.wfile.write(reply.body[start : start + 64])
            self.wfile.flush()
            self.fake.released.wait(0.001)

    def _wait_for_the_client_to_give_up(self) -> None:
        self.close_connection = True
        self.connection.recv(1)

    def _drop(self) -> None:
        """Close without an answer, and with a reset: lingering is switched off."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
