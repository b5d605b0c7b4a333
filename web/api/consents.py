"""``GET /customers/{customer_id}/consents``: the consent ledger, for audits."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from starter.reports import consent_report
from web.api.models import Ledger
from web.api.routes import JsonRoute
from web.deps import AppDatabase
from web.openapi import errors

router = APIRouter(tags=["customers"], route_class=JsonRoute)


@router.get("/customers/{customer_id}/consents", response_model=Ledger, responses=errors(404))
def get_consents(database: AppDatabase, customer_id: str) -> dict[str, Any]:
    """Return every consent the customer gave or took back, in the order it was recorded."""
    with database.transaction() as session:
        return {"customer_id": customer_id, "consents": consent_report(session, customer_id)}
