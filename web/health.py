"""`/healthz`: the process answers; `/readyz`: so do database and Temporal; `/metrics`: what it has done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from counters import exposition
from web.deps import AppCampaigns, AppDatabase

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: str = Field("ok", description="Always `ok`.")


class Ready(BaseModel):
    """What orders need: ready while the database is there. Without Temporal they wait for it in the inbox."""

    database: bool
    temporal: bool


@router.get("/healthz")
async def healthz() -> Health:
    """Say that the process answers."""
    return Health()


def database_answers(database: AppDatabase) -> bool:
    """Return whether the database works. A plain ``def``: a slow database must not hold up `/healthz`."""
    return database.answers()


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics() -> Response:
    """Return this process's counters in Prometheus's text form; no personal data is in them."""
    text, content_type = exposition()
    return Response(text, media_type=content_type)


@router.get("/readyz", response_model=Ready, responses={503: {"model": Ready, "description": "Not ready"}})
async def readyz(
    campaigns: AppCampaigns, database: Annotated[bool, Depends(database_answers)], response: Response
) -> dict[str, bool]:
    """Return whether orders can be taken, and what is missing. 503 if they cannot."""
    response.status_code = 200 if database else 503
    return {"database": database, "temporal": await campaigns.answers()}
