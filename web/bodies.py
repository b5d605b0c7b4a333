"""Bodies, up to what they may be: refused as soon as they are longer, or take too long to arrive."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from fastapi import HTTPException, Request
from pydantic_core import from_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_JSON = 1024 * 1024
"""Bytes of one customer, order or event: the longest order of the contract has a fifth of it."""
BODY_SECONDS = 10.0
"""How long a body may take to arrive, from the request's first line on."""
MAX_HELD = 64 * 1024 * 1024
"""Bytes that all requests of this process may hold of bodies at once."""
REST_SECONDS, MAX_REST = 2.0, 8 * 1024 * 1024
"""How long, and how many bytes of, the rest of a body is thrown away after an early answer."""
RETRY_SECONDS = 5


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body.

    Raises:
        HTTPException: 413 for one of more than ``limit`` bytes, by its header or else while it arrives.
    """
    body = bytearray()
    refuse_long(request, limit)
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_long(limit)
    return bytes(body)


def refuse_long(request: Request, limit: int) -> None:
    """Raise 413 where the header says that the body is longer than ``limit`` bytes; nothing is read."""
    if _announced(request) > limit:
        raise _too_long(limit)


def _too_long(limit: int) -> HTTPException:
    return HTTPException(413, f"the body is longer than {limit:,} bytes")


def _announced(request: Request) -> int:
    """Return the length that the header gives; 0 for none, since a body may come in chunks."""
    given = request.headers.get("Content-Length", "")
    return int(given) if given.isdecimal() else 0


class JsonRequest(Request):
    """A request with a JSON body of bounded length and depth (pydantic's parser goes 200 levels deep)."""

    async def body(self) -> bytes:
        """Return the body. Raises 413 as `read_body`."""
        if not hasattr(self, "_body"):
            self._body = await read_body(self, MAX_JSON)
        return self._body

    async def json(self) -> Any:
        """Return what the body says.

        Raises:
            JSONDecodeError: it is not JSON, not UTF-8, or nested too deeply.
        """
        body = await self.body()
        try:
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            what = str(error).replace("recursion limit exceeded", "nested too deeply")
            raise json.JSONDecodeError(what, body.decode("utf-8", "replace"), 0) from None


class BodyGuard:
    """Keeps slow and many bodies cheap, on every route: no thread waits for a body, and memory is bounded.

    A body that does not arrive in time is answered 408. What all requests hold of bodies together is bounded:
    above that, 503. What is answered before its body has come whole is closed, after a while in which the
    rest is thrown away: else a client that still writes would see a reset and not its answer (RFC 9112, 9.6).
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(self, _has_body(scope), receive, send)
        try:
            await self._app(scope, body.receive, body.send)
        finally:
            self.held -= body.held


class _Body:
    """One request's body while it arrives, and the answer to it."""

    def __init__(self, guard: BodyGuard, expected: bool, receive: Receive, send: Send) -> None:
        self._guard, self._receive, self._send = guard, receive, send
        self._until = asyncio.get_running_loop().time() + BODY_SECONDS
        self._arriving = expected
        self._slow = False
        self.held = 0

    async def receive(self) -> Message:
        """Return the next part. Raises 408 once the time is over, 503 where too much is held already."""
        if not self._arriving:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self._slow = True
            raise HTTPException(408, f"the body has not arrived within {BODY_SECONDS:g} seconds") from None
        self._arriving = bool(message.get("more_body"))
        self._hold(len(message.get("body", b"")))
        return message

    def _hold(self, size: int) -> None:
        self.held += size
        self._guard.held += size
        if self._guard.held > MAX_HELD:
            raise HTTPException(503, "too many bodies arrive at once", {"Retry-After": str(RETRY_SECONDS)})

    async def send(self, message: Message) -> None:
        """Send a part of the answer; the last one of an early answer once the rest was thrown away."""
        if not self._arriving:
            await self._send(message)
        elif message["type"] == "http.response.start":
            await self._send({**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]})
        elif message.get("more_body"):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._throw_away()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _throw_away(self) -> None:
        """Receive the rest for a moment. A client that was slow already has had its time."""
        thrown = 0
        if self._slow:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REST_SECONDS):
                while thrown < MAX_REST:
                    message = await self._receive()
                    thrown += len(message.get("body", b""))
                    if not message.get("more_body"):
                        return


def _has_body(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
