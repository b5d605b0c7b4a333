"""``/preview`` and ``/campaigns/{order}``: for who has a key of the interface. They only read.

A browser sends a key by itself once it has it, so that what sends something comes from our own pages alone.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from campaign.errors import AfterglowError, BadInput, NotFound, Problem
from campaign.reasons import Channel
from settings import Settings
from starter import clock
from starter.timeline.explanation import explain
from starter.timeline.play import Stage, read_stage, timeline
from starter.timeline.send_test import message_of, send_test
from storage.database import Database
from storage.queries.shop.examples import newest_orders, orders_of
from web.deps import AppDatabase, AppSettings, readers_only
from web.marketing.html import FRAMED, message, page
from web.marketing.limits import TestSends
from web.marketing.origin import refuse_other_sites, root_of
from web.marketing.query import LABELS, entered, labelled, moment_of, play_of, query_of
from web.pages.html import PRIVATE

router = APIRouter(include_in_schema=False, dependencies=[Depends(readers_only)])
_SHOWN = 10


@router.get("/preview")
def preview(request: Request, database: AppDatabase, settings: AppSettings) -> Response:
    """Show a campaign's timeline with every message as it would look, for a real order or a made-up one."""
    now, query = clock.now(), request.query_params
    played, wrong = play_of(query)
    values: dict[str, Any] = {"found": None, "problems": [], "steps": [], "status": 200}
    try:
        stage = read_stage(settings)
        values["steps"] = [(step.name, step.title) for step in stage.definition.steps]
        values["found"] = _found(database, stage, request, now)
    except BadInput as error:
        others = [problem for problem in wrong if problem not in error.problems]
        problems = [labelled(problem) for problem in (*others, *error.problems)]
        values |= {"problems": problems, "status": 422}
    except NotFound as error:
        values |= {"problems": [str(error)], "status": 404}
    frame = query_of(query, at=now.isoformat(), sent=None, q=None)
    return page(
        "preview.html.j2",
        **values,
        play=played,
        labels=LABELS,
        entered=entered(query, played),
        version=_folder_version(settings),
        root=root_of(request),
        query=query,
        frame_query=frame,
        orders=_orders(database, query.get("q", "").strip()),
        test_addresses={channel.value: settings.test_address(channel) for channel in Channel},
    )


def _found(database: Database, stage: Stage, request: Request, now: datetime) -> dict[str, Any]:
    """Play what the query says. Raises as `starter.timeline.play.scene_of`, also for what is wrong in it."""
    played, wrong = play_of(request.query_params)
    with database.reading() as session:
        return timeline(session, stage, played, moment_of(request.query_params, now), wrong)


def _orders(database: Database, wanted: str) -> list[Any]:
    with database.reading() as session:
        return orders_of(session, wanted, _SHOWN) if wanted else newest_orders(session, _SHOWN)


@router.get("/preview/message")
def preview_message(
    request: Request, database: AppDatabase, settings: AppSettings, step: str, channel: Channel
) -> Response:
    """Show one message of a timeline as its mail program would: to be put in a frame."""
    shown = _message(request, database, settings, step, channel)
    return message(shown["html"]) if "html" in shown else PlainTextResponse(shown["text"], headers=FRAMED)


def _message(
    request: Request, database: Database, settings: Settings, step: str, channel: Channel
) -> dict[str, Any]:
    found = _found(database, read_stage(settings), request, clock.now())
    return message_of(found, step, channel)


@router.post("/preview/test")
def preview_test(
    request: Request, database: AppDatabase, settings: AppSettings, step: str, channel: Channel
) -> Response:
    """Send one message of a timeline to the operator's own address, marked as a test."""
    refuse_other_sites(request, settings)
    sends: TestSends = request.app.state.test_sends
    query = request.query_params
    stage = read_stage(settings)
    found = _found(database, stage, request, clock.now())
    try:
        sends.count(clock.now())
        send_test(settings, stage.definition, found, step, channel, clock.now())
        sent = "yes"
    except AfterglowError as error:
        sent = str(error)
    back = query_of(query, sent=sent, step=None, channel=None, at=None)
    return RedirectResponse(f"{root_of(request)}/preview?{back}", 303)


@router.get("/preview/version")
def preview_version(settings: AppSettings) -> JSONResponse:
    """Return a word that is another one as soon as a file of the campaign changes."""
    return JSONResponse({"version": _folder_version(settings)}, headers=PRIVATE)


def _folder_version(settings: Settings) -> str:
    files = [settings.campaign, *sorted(path for path in settings.templates.rglob("*") if path.is_file())]
    return hashlib.sha256(repr([_stamp(file) for file in files]).encode()).hexdigest()[:16]


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size


@router.get("/campaigns/{order_id:path}")
def campaign(request: Request, database: AppDatabase, order_id: str) -> HTMLResponse:
    """Show why an order's campaign does what it does, what comes next and what would change it."""
    try:
        with database.reading() as session:
            found = explain(session, order_id, clock.now())
    except NotFound as error:
        return page("missing.html.j2", 404, why=str(error), root=root_of(request))
    return page("explain.html.j2", found=found, root=root_of(request))


@router.get("/campaigns")
def find_campaign(request: Request) -> Response:
    """Lead to the campaign of an order, as the page's form names it."""
    order_id = request.query_params.get("order", "").strip()
    if not order_id:
        raise BadInput([Problem("order", "is missing", "write the shop's order id")])
    return RedirectResponse(f"{root_of(request)}/campaigns/{quote(order_id, safe='')}", 303)
