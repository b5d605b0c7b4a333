"""A loyalty programme on this machine, which answers what a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class ProgrammeServer:
    """``pages`` by cursor; a page that is bytes is sent as it is. ``tokens``: what came with each request."""

    url: str = ""
    pages: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    tokens: list[str | None] = field(default_factory=list)


@contextmanager
def programme_server() -> Iterator[ProgrammeServer]:
    """Serve until the test ends."""
    known = ProgrammeServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known.tokens.append(self.headers["Authorization"])
            cursor = parse_qs(urlsplit(self.path).query).get("after", [""])[0]
            page = known.pages[cursor]
            self.send_response(known.status)
            self.end_headers()
            self.wfile.write(page if isinstance(page, bytes) else json.dumps(page).encode())

        def log_message(self, *_args: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_port}/standings"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
