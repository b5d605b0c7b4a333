"""A shop whose best offer has codes of the customer's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select

from activities.close import close
from activities.enrol import enrol
from activities.interface import CloseRequest, EnrolRequest, RenderRequest, StepDecision
from activities.render import render
from campaign.definition.loading import parse_definition
from campaign.definition.model import Definition
from campaign.offers.coupons import CouponState, Origin
from campaign.reasons import Reason
from storage.queries.coupons.stock import add_codes
from storage.tables import CouponRow
from tests.activities.test_activities import CONTENT, FakeProvider, purchase_of
from tests.activities.test_activities import Shop as OneCustomer
from tests.facts import CAMPAIGN, PLACED

DUE = PLACED + timedelta(days=90)
BEST = DUE + timedelta(hours=2)
CODES = ("BACK-BBBB-2222-CCCC", "BACK-DDDD-3333-FFFF", "BACK-GGGG-4444-HHHH")


def definition_with(**offer: Any) -> Definition:
    """The default campaign, its best offer with codes of the customer's own; ``offer`` changes it."""
    read = parse_definition(CAMPAIGN.read_text("utf-8"))
    values = {**read.offers["come-back"].model_dump(exclude_unset=True), "code": None, "percent": "20"}
    changed = {**values, "coupon": "pool", **offer}
    offers = {name: each.model_dump() for name, each in read.offers.items()} | {"come-back": changed}
    return Definition.model_validate({**read.model_dump(), "offers": offers})


@dataclass
class CouponShop(OneCustomer):
    """One customer, whose campaign ends with the best offer."""

    provider: FakeProvider = field(default_factory=FakeProvider)
    definition: Definition = field(default_factory=definition_with)

    def begin(self, codes: Iterable[str] = CODES, origin: Origin = Origin.POOL) -> None:
        """Save the customer, the order and the codes."""
        self.customer()
        self.add(codes, origin)
        self.start()

    def add(self, codes: Iterable[str], origin: Origin = Origin.POOL, at: datetime = PLACED) -> None:
        """Add codes to the best offer."""
        with self.database.transaction() as session:
            add_codes(session, "come-back", codes, origin, CouponState.AVAILABLE, at)

    def start(self, order_id: str = "o-1", **changes: Any) -> None:
        """Enrol an order."""
        purchase = purchase_of(order_id, PLACED.isoformat(), **changes)
        enrol(self.database, self.definition, EnrolRequest(purchase=purchase, run_id="run", now=PLACED))

    def best(self, at: datetime = BEST, order_id: str = "o-1") -> StepDecision:
        """Decide the step with the best offer."""
        return self.decide("win-back-best", at, order_id=order_id)

    def best_of_another(self, number: int) -> StepDecision:
        """Decide that step for one more customer's order."""
        customer, order = f"c-{number}", f"p-{number}"
        self.customer(customer_id=customer, email=f"c{number}@example.com")
        self.start(order, customer_id=customer)
        return self.best(order_id=order)

    def claim_best(self, at: datetime = BEST, order_id: str = "o-1") -> str:
        """Claim and render the message with the best offer; return its id."""
        (message,) = self.best(at, order_id).messages
        render(self.database, CONTENT, RenderRequest(message_id=message.id, now=at))
        return message.id

    def end(self, at: datetime = BEST, order_id: str = "o-1") -> None:
        """Close the campaign."""
        close(self.database, CloseRequest(order_id=order_id, reason=Reason.COMPLETED, now=at))

    def coupons(self) -> dict[str, str]:
        """Return the state of every code."""
        with self.database.reading() as session:
            return {row.code: row.state for row in session.exec(select(CouponRow).order_by(CouponRow.code))}

    def coupon(self, code: str = CODES[0]) -> CouponRow:
        """Return a coupon."""
        with self.database.reading() as session:
            return session.exec(select(CouponRow).where(CouponRow.code == code)).one()
