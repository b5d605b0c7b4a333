"""``/customers/{customer_id}/consents``: the consent ledger, for audits."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from starter.reports import consent_report
from web.deps import AppDatabase

router = APIRouter(tags=["customers"])


@router.get("/customers/{customer_id}/consents")
def get_consents(database: AppDatabase, customer_id: str) -> dict[str, Any]:
    """Return every consent the customer gave or took back, in the order it was recorded."""
    with database.transaction() as session:
        return {"customer_id": customer_id, "consents": consent_report(session, customer_id)}
