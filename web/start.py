"""``/`` in a browser on the developer's machine: where the pages are. To everybody else nothing is there."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from web.deps import AppSettings
from web.marketing.html import page
from web.marketing.origin import root_of

router = APIRouter(include_in_schema=False)


@router.get("/")
async def start(request: Request, settings: AppSettings) -> HTMLResponse:
    """Return the page; 404 for programs, and where strangers could read it."""
    if settings.exposed_by or "text/html" not in request.headers.get("Accept", ""):
        raise HTTPException(404)
    return page("start.html.j2", root=root_of(request))
