"""A real HTTP proxy on loopback: it tunnels (CONNECT) and forwards, passes on what is lost, and refuses."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

_END = b"\r\n\r\n"


class Mood(StrEnum):
    """How the proxy treats the connections that it gets."""

    PASSES = "passes everything on"
    REFUSES = "answers 502"
    WANTS_PASSWORD = "answers 407"  # noqa: S105 - no secret
    DROPS = "closes without an answer"
    DROPS_TUNNELS = "agrees to a tunnel, then closes"


class FakeProxy(ThreadingTCPServer):
    """Serves one connection a thread; ends with all of them closed and joined."""

    daemon_threads = False
    block_on_close = True
    allow_reuse_address = True

    def __init__(self) -> None:
        """Listen on a free port; ``address`` is what HTTP_PROXY and HTTPS_PROXY want."""
        super().__init__(("127.0.0.1", 0), _Connection)
        self.mood = Mood.PASSES
        self.heads: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def proxying() -> Iterator[FakeProxy]:
    """Run a proxy."""
    proxy = FakeProxy()
    thread = threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


class _Connection(BaseRequestHandler):
    server: FakeProxy
    request: socket.socket

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            head, rest = self._head()
            if head:
                self.server.heads.append(head.split(" ", 1)[0])
                self._serve(head, rest)

    def _head(self) -> tuple[str, bytes]:
        read = b""
        while _END not in read:
            more = self.request.recv(65_536)
            if not more:
                return "", b""
            read += more
        head, _, rest = read.partition(_END)
        return head.decode("latin-1"), rest

    def _serve(self, head: str, rest: bytes) -> None:
        mood = self.server.mood
        if mood in (Mood.REFUSES, Mood.WANTS_PASSWORD):
            status = "502 Bad Gateway" if mood is Mood.REFUSES else "407 Proxy Authentication Required"
            self.request.sendall(
                f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
        elif mood is not Mood.DROPS:
            self._pass_on(head, rest)

    def _pass_on(self, head: str, rest: bytes) -> None:
        line, *headers = head.split("\r\n")
        method, target, version = line.split(" ")
        tunnel = method == "CONNECT"
        url = urlsplit(f"//{target}" if tunnel else target)
        if tunnel:
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if self.server.mood is Mood.DROPS_TUNNELS:
                return
        with socket.create_connection((url.hostname or "", url.port or 80)) as there:
            if not tunnel:
                path = f"{url.path}?{url.query}" if url.query else url.path
                kept = [header for header in headers if not header.lower().startswith("connection:")]
                ours = "\r\n".join([f"{method} {path} {version}", *kept, "Connection: close"])
                there.sendall(ours.encode("latin-1") + _END)
            there.sendall(rest)
            _relay(self.request, there)


def _relay(here: socket.socket, there: socket.socket) -> None:
    """Pass bytes both ways until one side is done; what it left unsaid, the other never hears."""
    with ExitStack() as stack:
        for one in (here, there):
            stack.callback(_shut, one)
        while True:
            for one in select.select([here, there], [], [])[0]:
                read = one.recv(65_536)
                if not read:
                    return
                (there if one is here else here).sendall(read)


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
