"""`/healthz`: the process answers. `/readyz`: it reaches its database and Temporal."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from web.deps import AppCampaigns, AppDatabase

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


def database_answers(database: AppDatabase) -> bool:
    """Say whether the database can be used. A plain ``def``: a slow database must not hold up `/healthz`."""
    return database.answers()


@router.get("/readyz")
async def readyz(
    campaigns: AppCampaigns, database: Annotated[bool, Depends(database_answers)], response: Response
) -> dict[str, bool]:
    """Say whether orders can be taken; 503 if not."""
    checks = {"database": database, "temporal": await campaigns.answers()}
    response.status_code = 200 if all(checks.values()) else 503
    return checks
