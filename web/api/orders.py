"""``/orders``: purchases, what becomes of them, and where their campaigns stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from campaign.contract import workflow_id
from campaign.errors import BadInput, NotFound, Unavailable
from counters import ORDER_EVENTS
from intake.contacts import SentOrder
from starter import clock
from starter.reports import order_report_or_none
from web.api.models import EventAccepted, OrderAccepted, OrderReport, OrdersAnswered, OrdersBody
from web.api.order_events import EventBody
from web.api.routes import JsonRoute
from web.api.sent_orders import read_order
from web.deps import AppCampaigns, AppDatabase, AppReceiver
from web.openapi import errors
from web.problems import problem_of

router = APIRouter(tags=["orders"], route_class=JsonRoute)
ACCEPTED = 202
_LIST: dict[int | str, dict[str, Any]] = {
    200: {"model": OrdersAnswered, "description": "A list, each order answered by itself"}
}


async def campaign_url(request: Request) -> str | None:
    """Return where the Web UI shows campaigns: a workflow's id comes after it."""
    web_ui: str | None = request.app.state.settings.web_ui
    namespace = request.app.state.campaigns.namespace
    return f"{web_ui.rstrip('/')}/namespaces/{quote(namespace, safe='')}/workflows/" if web_ui else None


CampaignUrl = Annotated[str | None, Depends(campaign_url)]


@router.post(
    "/orders",
    status_code=ACCEPTED,
    response_model=OrderAccepted,
    responses=_LIST | errors(409, 413),
)
async def post_order(receiver: AppReceiver, url: CampaignUrl, sent: OrdersBody) -> JSONResponse:
    """Accept a purchase, or a list of up to 500. Saved before it is answered; its campaign starts by itself.

    May be repeated without harm: the same request gets the same answer. Contact data of its customer may
    come with it. The orders of a list are answered one by one, in their order.
    """
    now = clock.now()
    if isinstance(sent, list):
        read = [read_order(one, now) for one in sent]
        answers = await _answers(receiver, read, url)
        return JSONResponse({"orders": answers})
    order = read_order(sent, now)
    if isinstance(order, BadInput):
        raise order
    (outcome,) = await receiver.orders([order])
    if outcome.error:
        raise outcome.error
    return JSONResponse(_accepted(outcome.order_id, url), ACCEPTED)


async def _answers(
    receiver: AppReceiver, read: Sequence[SentOrder | BadInput], url: str | None
) -> list[dict[str, Any]]:
    good = [one for one in read if isinstance(one, SentOrder)]
    outcomes = iter(await receiver.orders(good) if good else [])
    answers = []
    for one in read:
        error = one if isinstance(one, BadInput) else None
        order_id = None
        if isinstance(one, SentOrder):
            outcome = next(outcomes)
            order_id, error = outcome.order_id, outcome.error
        problem = problem_of(error) if error else None
        accepted = {"order_id": order_id} if problem else _accepted(str(order_id), url)
        answers.append({"status": problem["status"] if problem else ACCEPTED, **accepted, "problem": problem})
    return answers


def _accepted(order_id: str, url: str | None) -> dict[str, Any]:
    identifier = workflow_id(order_id)
    return {
        "order_id": order_id,
        "workflow_id": identifier,
        "url": f"{url}{quote(identifier, safe='')}" if url else None,
    }


@router.post(
    "/orders/{order_id:path}/events",
    status_code=ACCEPTED,
    response_model=EventAccepted,
    response_model_exclude_unset=True,
    responses=errors(404, 413),
)
async def post_event(
    receiver: AppReceiver, url: CampaignUrl, order_id: str, event: EventBody
) -> dict[str, Any]:
    """Report what became of an order, or a refund of a part. Saved, and its campaign decides again.

    News of an order that is not known yet waits for it, for a week.
    """
    ORDER_EVENTS.labels(event.status.value).inc()
    accepted = {**_accepted(order_id, url), "status": event.status}
    if event.refund:
        outcome = await receiver.refund(order_id, event.refund)
        part = {"refund_id": event.refund.refund_id, "amount": str(event.refund.amount)}
        return accepted | part | {"not_in_order": list(outcome.not_in_order)}
    await receiver.event(order_id, event.update)
    return accepted


def stored_report(database: AppDatabase, order_id: str) -> dict[str, Any] | None:
    """Return what the database has of an order. A plain ``def``, so that its SQL runs in a thread."""
    with database.reading() as session:
        return order_report_or_none(session, order_id, clock.now())


@router.get(
    "/orders/{order_id:path}",
    response_model=OrderReport,
    response_model_exclude_unset=True,
    responses=errors(404),
)
async def get_order(
    campaigns: AppCampaigns, order_id: str, stored: Annotated[dict[str, Any] | None, Depends(stored_report)]
) -> dict[str, Any]:
    """Return where the order's campaign stands, with its steps and messages.

    Of an order whose campaign has not started yet: why it waits.
    """
    try:
        live = await campaigns.status(order_id)
    except (NotFound, Unavailable):
        if stored is None:
            raise
        return {"order_id": order_id, **stored}
    answer = {"order_id": order_id, **live, **(stored or {})}
    answer.pop("inbox", None)  # its campaign answers for itself
    return answer
