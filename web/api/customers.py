"""``/customers``: contact data and consents."""

from __future__ import annotations

from fastapi import APIRouter

from campaign.errors import BadInput, Problem
from campaign.wire import Customer
from starter.inputs import parse_all
from storage.queries.customers import save_customer
from web.api.bodies import Json, one_object
from web.deps import AppDatabase

router = APIRouter(tags=["customers"])


@router.put("/customers/{customer_id}")
def put_customer(database: AppDatabase, customer_id: str, contact: Json) -> dict[str, str]:
    """Add or update contact data and consents; fields left out stay as they are."""
    data = {"customer_id": customer_id, **contact} if isinstance(contact, dict) else contact
    (customer,) = parse_all(Customer, one_object(data))
    if customer.customer_id != customer_id:
        raise BadInput([Problem("customer_id", "differs from the address", "send the same id, or none")])
    with database.transaction() as session:
        save_customer(session, customer)
    return {"customer_id": customer_id}
