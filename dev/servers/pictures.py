"""The sample shop's pictures, served on this machine: emails in the outbox show them while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from dev.servers.ports import HOST, PICTURES_PORT

PICTURES = Path(__file__).parents[1] / "sample_shop" / "pictures"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Write no line for every picture."""


def _server() -> ThreadingHTTPServer:
    handler = partial(_Quiet, directory=str(PICTURES))
    try:
        return ThreadingHTTPServer((HOST, PICTURES_PORT), handler)
    except OSError:
        return ThreadingHTTPServer((HOST, 0), handler)


@contextmanager
def serving_pictures() -> Iterator[str]:
    """Serve the pictures for as long as the block lasts; give their address.

    It is the same each time where its port is free: the demo's catalogue names it, and `make dev` on the
    demo's home shows previews of it later.
    """
    server = _server()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
