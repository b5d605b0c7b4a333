"""The order service's HTTP interface, one file a topic; all of it needs a key."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from web.api import consents, coupons, customers, loyalty, orders, reviews
from web.deps import authorised
from web.openapi import errors


def api_router() -> APIRouter:
    """Return every route of the interface, behind the keys."""
    router = APIRouter(dependencies=[Depends(authorised)], responses=errors(401, 422, 500, 503))
    for topic in (customers, orders, consents, loyalty, reviews, coupons):
        router.include_router(topic.router)
    return router
