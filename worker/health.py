"""Health over HTTP: `/healthz` (the process answers) and `/readyz` (it polls and reaches its database)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from sqlmodel import Session

from campaign.errors import AfterglowError
from counters import COUPONS_LEFT, COUPONS_REFUSED, INBOX_OLDEST, INBOX_WAITING, exposition
from starter import clock
from storage.database import Database
from storage.queries.coupons.stock import all_stocks
from storage.queries.inbox.listing import backlog
from storage.queries.messages.channel_stops import stopped_channels
from storage.queries.shop.statistics import statistics

STUCK = timedelta(minutes=5)
"""An inbox whose oldest row has been due for longer needs somebody to look."""


def health_app(database: Database, polling: Callable[[], bool]) -> FastAPI:
    """Return the app. ``polling`` says whether the workers are running."""
    app = FastAPI(title="Afterglow worker", openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/metrics")
    def metrics() -> Response:
        with suppress(AfterglowError):  # what else is counted is served also without the database
            _measure_inbox(database)
            with database.reading() as session:
                _coupons(session)
        text, content_type = exposition()
        return Response(text, media_type=content_type)

    @app.get("/readyz")
    def readyz(response: Response) -> dict[str, Any]:
        checks = {"polling": polling(), "database": database.answers()}
        response.status_code = 200 if all(checks.values()) else 503
        return {**checks, **(_details(database) if checks["database"] else {})}

    return app


def _details(database: Database) -> dict[str, Any]:
    """Return what an operator should see, though a worker is ready all the same.

    ``stopped_channels``: the provider's code of each; ``statistics``: when each was last computed;
    ``coupons``: what each offer has left;
    ``inbox``: how much is due, for how long the oldest has been, and whether that is too long.
    """
    waiting, seconds = _measure_inbox(database)
    with database.reading() as session:
        return {
            "stopped_channels": {row.channel: row.code for row in stopped_channels(session)},
            "statistics": {row.name: row.computed_at.isoformat() for row in statistics(session)},
            "coupons": _coupons(session),
            "inbox": {
                "waiting": waiting, "oldest_seconds": seconds, "stuck": seconds > STUCK.total_seconds(),
            },
        }  # fmt: skip


def _coupons(session: Session) -> dict[str, Any]:
    """Return how the codes of each offer stand: ``low`` at a fifth or less, ``refused`` by the shop."""
    stocks = all_stocks(session)
    for stock in stocks:
        COUPONS_LEFT.labels(stock.offer).set(stock.available)
        COUPONS_REFUSED.labels(stock.offer).set(stock.refused)
    return {
        stock.offer: {"left": stock.available, "low": stock.low, "refused": stock.refused} for stock in stocks
    }


def _measure_inbox(database: Database) -> tuple[int, float]:
    """Return how many rows are due, and for how many seconds the oldest has been."""
    now = clock.now()
    with database.reading() as session:
        found = backlog(session, now)
    seconds = (now - found.oldest).total_seconds() if found.oldest else 0.0
    INBOX_WAITING.set(found.waiting)
    INBOX_OLDEST.set(seconds)
    return found.waiting, seconds


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
