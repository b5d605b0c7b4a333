"""A line in the log for each request of an order service: what was done, how it ended, and with whose key.

The route's pattern, never the address: that may hold an id or a token. Never a key: its name.
"""

from __future__ import annotations

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEY = "api_key"
"""Where `web.deps.authorise` leaves the name of the key in a request's state."""
log = structlog.get_logger("web.requests")


class RequestLog:
    """Writes the line when the answer begins. What needs no key has none: pages, callbacks, health."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def noting(message: Message) -> None:
            state = scope.get("state", {})
            if message["type"] == "http.response.start" and KEY in state:
                route = getattr(scope.get("route"), "path", "")
                log.info(
                    "request",
                    method=scope["method"],
                    route=route,
                    status=message["status"],
                    api_key=state[KEY],
                )
            await send(message)

        await self._app(scope, receive, noting)
