"""What handlers are given: settings, database, campaigns; and the check of the order service's key."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer

from settings import Settings
from starter import clock
from starter.client import Campaigns
from storage.database import Database
from web.access.keys import Keyring, Refused
from web.access.log import KEY
from web.receiving.receiver import Receiver


async def app_settings(request: Request) -> Settings:
    """Return the settings that the app was made with."""
    settings: Settings = request.app.state.settings
    return settings


async def app_database(request: Request) -> Database:
    """Return the one database. Handlers that use it are plain ``def``: FastAPI runs those in threads."""
    database: Database = request.app.state.database
    return database


async def app_campaigns(request: Request) -> Campaigns:
    """Return the campaigns at the Temporal server, which need not be there."""
    campaigns: Campaigns = request.app.state.campaigns
    return campaigns


async def app_receiver(request: Request) -> Receiver:
    """Return what takes orders and their news."""
    receiver: Receiver = request.app.state.receiver
    return receiver


AppSettings = Annotated[Settings, Depends(app_settings)]
AppDatabase = Annotated[Database, Depends(app_database)]
AppCampaigns = Annotated[Campaigns, Depends(app_campaigns)]
AppReceiver = Annotated[Receiver, Depends(app_receiver)]
BEARER = HTTPBearer(auto_error=False)
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
_Basic = Annotated[HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False))]


async def admit(request: Request, given: str | None, challenge: str) -> None:
    """Let a request pass that has one of the keys, and note the key's name for the logs.

    Raises:
        HTTPException: 401 without a key, or with another; ``challenge`` says how one is given.
        Unavailable: the keys cannot be read.
    """
    if hasattr(request.state, KEY):
        return
    keys: Keyring = request.app.state.keys
    answer = await keys.check(given, clock.now())
    if isinstance(answer, Refused):
        raise HTTPException(401, answer.why, {"WWW-Authenticate": challenge})
    request.state.api_key = answer.key
    structlog.contextvars.bind_contextvars(api_key=answer.key)


async def authorised(request: Request, given: Bearer) -> None:
    """Let a request pass with one of the keys as its bearer token. Raises as `admit`."""
    await admit(request, given.credentials if given else None, "Bearer")


async def readers_only(request: Request, bearer: Bearer, basic: _Basic) -> None:
    """Let those read who have a key; a browser prompts for it. Raises as `admit`."""
    given = bearer.credentials if bearer else basic.password if basic else None
    await admit(request, given, 'Basic realm="Afterglow API", Bearer')
