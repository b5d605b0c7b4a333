"""``PUT /customers/{customer_id}/loyalty``: a standing in a loyalty programme that is kept elsewhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from campaign.errors import NotFound
from campaign.wire import LoyaltyReport, LoyaltyStanding
from intake.loyalty.standings import record_standings
from starter.clock import now
from starter.inputs import parse_all
from web.api.models import Saved
from web.api.routes import JsonRoute
from web.deps import AppDatabase
from web.openapi import errors

router = APIRouter(tags=["customers"], route_class=JsonRoute)
SOURCE = "api"
LOYALTY = {"tier": "sapling", "points": 120, "at": "2026-03-02T15:00:00Z"}
LoyaltyBody = Annotated[LoyaltyReport, Body(examples=[LOYALTY])]


@router.put("/customers/{customer_id}/loyalty", responses=errors(404, 413))
def put_loyalty(database: AppDatabase, customer_id: str, report: LoyaltyBody) -> Saved:
    """Save a customer's standing; both null: none any more. One older than what is known is left out."""
    (standing,) = parse_all(
        LoyaltyStanding, {**report.model_dump(exclude_unset=True), "customer_id": customer_id}
    )
    with database.transaction() as session:
        if record_standings(session, [standing], SOURCE, now()).unknown:
            msg = f"no customer {customer_id}"
            raise NotFound(msg)
    return Saved(customer_id=customer_id)
