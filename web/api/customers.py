"""``PUT /customers/{customer_id}``: contact data and consents."""

from __future__ import annotations

from fastapi import APIRouter

from campaign.errors import BadInput, Problem
from campaign.wire import Customer
from starter.inputs import parse_all
from storage.queries.people.customers import save_customer
from web.api.models import CustomerBody, Saved
from web.api.routes import JsonRoute
from web.deps import AppDatabase
from web.openapi import errors

router = APIRouter(tags=["customers"], route_class=JsonRoute)


@router.put("/customers/{customer_id}", responses=errors(413))
def put_customer(database: AppDatabase, customer_id: str, contact: CustomerBody) -> Saved:
    """Add or update contact data and consents. Fields left out stay as they are; null clears one."""
    if contact.customer_id not in (None, customer_id):
        raise BadInput([Problem("customer_id", "differs from the address", "send the same id, or none")])
    data = {**contact.model_dump(exclude_unset=True), "customer_id": customer_id}
    (customer,) = parse_all(Customer, data)
    with database.transaction() as session:
        save_customer(session, customer)
    return Saved(customer_id=customer_id)
