"""``/c/{code}``: a short link leads to what its campaign wrote there, and to nothing else."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.background import BackgroundTask

from campaign.errors import AfterglowError
from starter.clock import now
from storage.database import Database
from storage.queries.messages.links import Click, find_link, record_click
from web.deps import AppDatabase
from web.pages.html import PAGE_ERRORS, PRIVATE, PageRoute, not_found
from web.pages.scanners import is_scanner

router = APIRouter(
    route_class=PageRoute, default_response_class=HTMLResponse, tags=["pages"], responses=PAGE_ERRORS
)
log = structlog.get_logger()


@router.get("/c/{code}", status_code=302, response_class=RedirectResponse)
@router.head("/c/{code}", include_in_schema=False)
def follow(request: Request, database: AppDatabase, code: str) -> Response:
    """Redirect to the shop. The click is recorded after the answer: the customer does not wait for it."""
    with database.transaction() as session:
        link = find_link(session, code)
    if link is None:
        return not_found(request)
    click = Click(link, now(), is_scanner(request.method, request.headers.get("user-agent")))
    return RedirectResponse(link.target, 302, PRIVATE, BackgroundTask(_record, database, click))


def _record(database: Database, click: Click) -> None:
    """Write a click down. If that fails, one click is lost, and nobody's way is barred."""
    try:
        with database.transaction() as session:
            record_click(session, click)
    except (AfterglowError, SQLAlchemyError) as error:
        log.warning("click not recorded", message_id=click.link.message_id, error=type(error).__name__)
