"""The web server's app, put together: the order service's interface, providers' callbacks, public pages."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from temporalio.client import Client

from settings import Settings
from starter.client import Campaigns, connect
from storage.database import Database
from web import docs, health, start
from web.access.keys import Keyring
from web.access.log import RequestLog
from web.api import api_router
from web.bodies import BodyGuard
from web.hooks import sendgrid as sendgrid_hooks
from web.hooks import shopify as shopify_hooks
from web.hooks import twilio as twilio_hooks
from web.hooks import woocommerce as woocommerce_hooks
from web.marketing import routes as marketing
from web.marketing.limits import TestSends
from web.openapi import DESCRIPTION, TAGS, Afterglow
from web.pages import clicks, reviews
from web.pages import routes as pages
from web.problems import add_error_answers
from web.receiving.receiver import receiving

Connect = Callable[[], Awaitable[Client]]
_when_needed: Connect = functools.partial(connect, lazy=True)


def create_app(settings: Settings, database: Database, connected: Connect = _when_needed) -> FastAPI:
    """Return the app. Temporal is connected to when it is needed, and need not be there: orders wait for it.

    The order service's interface needs a key as its bearer token (`web.access.keys`).
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.campaigns = Campaigns(await connected())
        async with receiving(database, app.state.campaigns) as app.state.receiver:
            yield

    app = Afterglow(
        title="Afterglow",
        version="0.1.0",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        openapi_url=None,  # web.docs serves it, behind the API's keys
        lifespan=lifespan,
        redirect_slashes=False,  # a redirect would name the host that a stranger's header gives
    )
    app.state.settings, app.state.database = settings, database
    app.state.keys = Keyring(settings, database)
    app.state.test_sends = TestSends()
    app.add_middleware(RequestLog)
    app.add_middleware(BodyGuard)
    add_error_answers(app)
    for part in (api_router(), twilio_hooks.router, sendgrid_hooks.router):
        app.include_router(part)
    for part in (shopify_hooks.router, woocommerce_hooks.router):
        app.include_router(part)
    for part in (pages.router, reviews.router, clicks.router, health.router, docs.router, start.router):
        app.include_router(part)
    app.include_router(marketing.router)
    return app
