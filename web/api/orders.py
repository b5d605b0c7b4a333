"""``/orders``: purchases, what becomes of them, and where their campaigns stand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from campaign.errors import NotFound, Unavailable
from campaign.wire import OrderUpdate, Purchase
from starter import clock
from starter.inputs import parse_all
from starter.orders import record_update, start_orders
from starter.reports import order_report_or_none
from web.api.bodies import Json, one_object
from web.deps import AppCampaigns, AppDatabase

router = APIRouter(tags=["orders"])


@router.post("/orders", status_code=202)
async def post_order(database: AppDatabase, campaigns: AppCampaigns, purchase: Json) -> dict[str, Any]:
    """Start the purchase's campaign. Answered once Temporal has it; may be repeated without harm."""
    (order,) = parse_all(Purchase, one_object(purchase))
    (started,) = await start_orders(database, campaigns, [order], clock.now())
    return {"order_id": started.order_id, "workflow_id": started.workflow_id, "known": started.known}


@router.post("/orders/{order_id:path}/events", status_code=202)
async def post_event(
    database: AppDatabase, campaigns: AppCampaigns, order_id: str, event: Json
) -> dict[str, Any]:
    """Report what became of an order: ``{status, at}``."""
    (update,) = parse_all(OrderUpdate, one_object(event))
    running = await record_update(database, campaigns, order_id, update, clock.now())
    return {"order_id": order_id, "status": update.status, "campaign_told": running}


def stored_report(database: AppDatabase, order_id: str) -> dict[str, Any] | None:
    """Return what the database has of an order. A plain ``def``, so that its SQL runs in a thread."""
    with database.transaction() as session:
        return order_report_or_none(session, order_id)


@router.get("/orders/{order_id:path}")
async def get_order(
    campaigns: AppCampaigns, order_id: str, stored: Annotated[dict[str, Any] | None, Depends(stored_report)]
) -> dict[str, Any]:
    """Return where the order's campaign stands, with its steps and messages."""
    try:
        live = await campaigns.status(order_id)
    except (NotFound, Unavailable):
        if stored is None:
            raise
        live = {}
    return {**live, **(stored or {})}
