"""``POST /coupons/{code}/redeem``: a shop of your own uses a customer's coupon."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel

from campaign.errors import BadInput, CouponRefused
from campaign.fields.identifiers import Id
from campaign.fields.money import Money
from campaign.fields.times import UtcTime
from campaign.offers.redemption import RedeemOutcome
from campaign.problems import time_problems
from campaign.wire import Wire
from intake.coupons.redeeming import redeem
from starter import clock
from storage.queries.coupons.redeeming import Use
from web.api.routes import JsonRoute
from web.deps import AppDatabase
from web.openapi import errors
from web.problems import MEDIA_TYPE, ProblemDetails, problem_details

router = APIRouter(tags=["coupons"], route_class=JsonRoute)
REDEEM = {"order_id": "1042", "at": "2026-06-02T18:00:00Z", "amount": "7.96"}
_REFUSED: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "Not with this order: `outcome` is used, expired, void or unissued",
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"},
                "example": problem_details(409, CouponRefused.code, RedeemOutcome.USED.text)
                | {"outcome": RedeemOutcome.USED.value},
            }
        },
    }
}


class Redeem(Wire):
    """The order that the coupon is used with. ``amount``: what it takes off, in the order's currency."""

    order_id: Id
    at: UtcTime | None = None
    amount: Money | None = None


class Redeemed(BaseModel):
    """The coupon as it stands. ``repeated``: it was redeemed with this order before."""

    offer: str
    order_id: str
    redeemed_at: datetime
    amount: str | None
    repeated: bool


@router.post("/coupons/{code}/redeem", response_model=Redeemed, responses=_REFUSED | errors(404))
def redeem_code(
    database: AppDatabase,
    code: Annotated[str, Path(max_length=200)],
    order: Annotated[Redeem, Body(examples=[REDEEM])],
) -> dict[str, Any]:
    """Redeem a coupon with an order. May be repeated: the same order gets the same answer.

    Codes may be sent in small letters. Without `at` it is now.
    """
    now = clock.now()
    if order.at and (problems := time_problems("at", order.at, now)):
        raise BadInput(problems)
    use = Use(code, order.order_id, order.at or now, order.amount)
    found = database.retrying(lambda session: redeem(session, use))
    return {
        "offer": found.offer,
        "order_id": order.order_id,
        "redeemed_at": found.redeemed_at,
        "amount": None if found.amount is None else str(found.amount),
        "repeated": found.outcome is RedeemOutcome.REPEATED,
    }
