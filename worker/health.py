"""Health over HTTP: `/healthz` (the process answers) and `/readyz` (it polls and reaches its database)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Response

from counters import exposition
from storage.database import Database
from storage.queries.messages.channel_stops import stopped_channels
from storage.queries.shop.statistics import statistics


def health_app(database: Database, polling: Callable[[], bool]) -> FastAPI:
    """Return the app. ``polling`` says whether the workers are running."""
    app = FastAPI(title="Afterglow worker", openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics")
    def metrics() -> Response:
        text, content_type = exposition()
        return Response(text, media_type=content_type)

    @app.get("/readyz")
    def readyz(response: Response) -> dict[str, bool | dict[str, str]]:
        checks = {"polling": polling(), "database": database.answers()}
        response.status_code = 200 if all(checks.values()) else 503
        return {**checks, **(_details(database) if checks["database"] else {})}

    return app


def _details(database: Database) -> dict[str, dict[str, str]]:
    """Return what an operator should see, though a worker is ready all the same.

    ``stopped_channels``: the provider's code of each; ``statistics``: when each was last computed.
    """
    with database.reading() as session:
        return {
            "stopped_channels": {row.channel: row.code for row in stopped_channels(session)},
            "statistics": {row.name: row.computed_at.isoformat() for row in statistics(session)},
        }


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the worker's shutdown decides."""

    @asynccontextmanager
    async def _no_signals(self) -> AsyncIterator[None]:
        yield

    def install_signal_handlers(self) -> None:
        """Leave signals alone."""


@asynccontextmanager
async def serving(app: FastAPI, host: str, port: int) -> AsyncIterator[int]:
    """Serve an app; gives the port it listens on (0: a free one)."""
    server = _Server(uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False))
    socket = server.config.bind_socket()
    task = asyncio.create_task(server._serve([socket]))  # noqa: SLF001 - `serve` would take over the signals
    try:
        yield int(socket.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        socket.close()
