"""What handlers are given: settings, database, campaigns; and the check of the order service's token."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from settings import Settings
from starter.client import Campaigns
from storage.database import Database


async def app_settings(request: Request) -> Settings:
    """Return the settings that the app was made with."""
    settings: Settings = request.app.state.settings
    return settings


async def app_database(request: Request) -> Database:
    """Return the one database. Handlers that use it are plain ``def``: FastAPI runs those in threads."""
    database: Database = request.app.state.database
    return database


async def app_campaigns(request: Request) -> Campaigns:
    """Return the campaigns at the Temporal server that the app connected to at start."""
    campaigns: Campaigns = request.app.state.campaigns
    return campaigns


AppSettings = Annotated[Settings, Depends(app_settings)]
AppDatabase = Annotated[Database, Depends(app_database)]
AppCampaigns = Annotated[Campaigns, Depends(app_campaigns)]
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


def has_token(settings: Settings, given: str | None) -> bool:
    """Return whether this is the API's token; anything is where none is set."""
    if settings.api_token is None:
        return True
    wanted = settings.api_token.get_secret_value().encode()
    return given is not None and secrets.compare_digest(given.encode(), wanted)


async def authorised(settings: AppSettings, given: _Bearer) -> None:
    """Let a request pass that has the API's token, where one is set.

    Raises:
        HTTPException: 401 without the token, or with another.
    """
    if not has_token(settings, given.credentials if given else None):
        raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
