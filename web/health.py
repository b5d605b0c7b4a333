"""`/healthz`: the process answers. `/readyz`: it reaches its database and Temporal."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from storage.database import Database


def add_health(app: FastAPI) -> None:
    """Add both endpoints."""
    app.get("/healthz")(healthz)
    app.get("/readyz")(readyz)


def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


async def readyz(request: Request, response: Response) -> dict[str, bool]:
    """Say whether orders can be taken; 503 if not."""
    database: Database = request.app.state.database
    checks = {"database": database.answers(), "temporal": await request.app.state.campaigns.answers()}
    response.status_code = 200 if all(checks.values()) else 503
    return checks
