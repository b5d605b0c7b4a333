"""The HTTP interface of an order service: customers, orders, order events; bearer token."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Body, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import DataError
from temporalio.client import Client

from campaign.errors import AfterglowError, BadInput, BadPurchase, NotFound, Problem, Unavailable
from campaign.wire import Customer, OrderUpdate, Purchase
from settings import Settings
from starter import clock
from starter.client import Campaigns, connect
from starter.inputs import parse_all
from starter.orders import record_update, start_orders
from starter.reports import order_report_or_none
from storage.database import Database
from storage.queries.customers import save_customer
from web.api import consents
from web.health import add_health
from web.hooks import sendgrid as sendgrid_hooks
from web.hooks import twilio as twilio_hooks
from web.pages import clicks
from web.pages import routes as pages

Json = Annotated[Any, Body()]
Connect = Callable[[], Awaitable[Client]]
STATUS = {BadInput: 422, NotFound: 404, Unavailable: 503}


def create_app(settings: Settings, database: Database, connected: Connect = connect) -> FastAPI:
    """Return the app. Temporal is connected to at start.

    Everything but health needs ``Authorization: Bearer AFTERGLOW_API_TOKEN`` where a token is set;
    production refuses to start without one.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.campaigns = Campaigns(await connected())
        yield

    app = FastAPI(title="Afterglow", version="0.1.0", lifespan=lifespan)
    app.state.settings, app.state.database = settings, database
    add_health(app)
    app.add_exception_handler(AfterglowError, _our_error)
    app.add_exception_handler(RequestValidationError, _not_json)
    app.add_exception_handler(DataError, _not_storable)
    guarded = [Depends(_authorised)]
    app.put("/customers/{customer_id}", dependencies=guarded)(put_customer)
    app.post("/orders", status_code=202, dependencies=guarded)(post_order)
    app.post("/orders/{order_id:path}/events", status_code=202, dependencies=guarded)(post_event)
    app.get("/orders/{order_id:path}", dependencies=guarded)(get_order)
    app.include_router(consents.router, dependencies=guarded)
    app.include_router(twilio_hooks.router)
    app.include_router(sendgrid_hooks.router)
    app.include_router(pages.router)
    app.include_router(clicks.router)
    return app


def put_customer(request: Request, customer_id: str, contact: Json) -> dict[str, str]:
    """Add or update contact data and consents; fields left out stay as they are."""
    data = {"customer_id": customer_id, **contact} if isinstance(contact, dict) else contact
    (customer,) = parse_all(Customer, _one(data))
    if customer.customer_id != customer_id:
        raise BadInput([Problem("customer_id", "differs from the address", "send the same id, or none")])
    database: Database = request.app.state.database
    with database.transaction() as session:
        save_customer(session, customer)
    return {"customer_id": customer_id}


async def post_order(request: Request, purchase: Json) -> dict[str, Any]:
    """Start the purchase's campaign. Answered once Temporal has it; may be repeated without harm."""
    (order,) = parse_all(Purchase, _one(purchase))
    database: Database = request.app.state.database
    (started,) = await start_orders(database, _campaigns(request), [order], clock.now())
    return {"order_id": started.order_id, "workflow_id": started.workflow_id, "known": started.known}


async def post_event(request: Request, order_id: str, event: Json) -> dict[str, Any]:
    """Tell what became of an order: ``{status, at}``."""
    (update,) = parse_all(OrderUpdate, _one(event))
    database: Database = request.app.state.database
    told = await record_update(database, _campaigns(request), order_id, update, clock.now())
    return {"order_id": order_id, "status": update.status, "campaign_told": told}


async def get_order(request: Request, order_id: str) -> dict[str, Any]:
    """Return where the order's campaign stands, with its steps and messages."""
    database: Database = request.app.state.database
    with database.transaction() as session:
        stored = order_report_or_none(session, order_id)
    try:
        live = await _campaigns(request).status(order_id)
    except (NotFound, Unavailable):
        if stored is None:
            raise
        live = {}
    return {**live, **(stored or {})}


def _campaigns(request: Request) -> Campaigns:
    campaigns: Campaigns = request.app.state.campaigns
    return campaigns


def _one(data: Any) -> Any:
    if isinstance(data, list):
        raise BadPurchase([Problem("body", "is a list", "send one object a request")])
    if not isinstance(data, dict):
        fix = "send one object with the header Content-Type: application/json"
        raise BadInput([Problem("body", "is not a JSON object", fix)])
    return data


def _authorised(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
) -> None:
    settings: Settings = request.app.state.settings
    if settings.api_token is None:
        return
    wanted = settings.api_token.get_secret_value().encode()
    if given is None or not secrets.compare_digest(given.credentials.encode(), wanted):
        raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})


def _our_error(_request: Request, error: Exception) -> JSONResponse:
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    body: dict[str, Any] = {"error": getattr(error, "code", "error"), "detail": str(error)}
    if isinstance(error, BadInput):
        body["problems"] = [vars(problem) for problem in error.problems]
    return JSONResponse(body, status, headers={"Retry-After": "5"} if status == STATUS[Unavailable] else None)


def _not_json(_request: Request, _error: Exception) -> JSONResponse:
    problem = Problem("body", "is missing or not JSON", "send one JSON object")
    return JSONResponse({"error": "bad_input", "detail": str(problem), "problems": [vars(problem)]}, 422)


def _not_storable(request: Request, _error: Exception) -> JSONResponse:
    """PostgreSQL keeps no NUL characters, not even to look something up by."""
    problem = Problem("request", "has characters or lengths that cannot be kept", "take them out")
    return _our_error(request, BadInput([problem]))
