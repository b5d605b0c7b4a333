"""``/orders``: purchases, what becomes of them, and where their campaigns stand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from campaign.errors import NotFound, Unavailable
from counters import ORDER_EVENTS
from starter import clock
from starter.orders import record_update, start_orders
from starter.reports import order_report_or_none
from web.api.models import EventAccepted, EventBody, OrderAccepted, OrderReport, PurchaseBody
from web.api.routes import JsonRoute
from web.deps import AppCampaigns, AppDatabase
from web.openapi import errors

router = APIRouter(tags=["orders"], route_class=JsonRoute)


@router.post("/orders", status_code=202, responses=errors(413))
async def post_order(database: AppDatabase, campaigns: AppCampaigns, purchase: PurchaseBody) -> OrderAccepted:
    """Start the purchase's campaign. Answered once Temporal has it; may be repeated without harm."""
    (started,) = await start_orders(database, campaigns, [purchase], clock.now())
    return OrderAccepted(order_id=started.order_id, workflow_id=started.workflow_id, known=started.known)


@router.post("/orders/{order_id:path}/events", status_code=202, responses=errors(404, 413))
async def post_event(
    database: AppDatabase, campaigns: AppCampaigns, order_id: str, event: EventBody
) -> EventAccepted:
    """Report what became of an order. It is saved, and its campaign decides again."""
    ORDER_EVENTS.labels(event.status.value).inc()
    running = await record_update(database, campaigns, order_id, event, clock.now())
    return EventAccepted(order_id=order_id, status=event.status, campaign_told=running)


def stored_report(database: AppDatabase, order_id: str) -> dict[str, Any] | None:
    """Return what the database has of an order. A plain ``def``, so that its SQL runs in a thread."""
    with database.transaction() as session:
        return order_report_or_none(session, order_id)


@router.get(
    "/orders/{order_id:path}",
    response_model=OrderReport,
    response_model_exclude_unset=True,
    responses=errors(404),
)
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
    return {"order_id": order_id, **live, **(stored or {})}
