"""A coupon follows what is decided: another audience, the holdout, an order that redeems it, an erasure."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from activities.enrol import enrol
from activities.interface import EnrolRequest
from campaign.definition.model import Definition
from campaign.offers.coupons import CouponState, Origin
from campaign.rules.decision import Kind
from campaign.wire import DiscountCode, OrderStatus, OrderUpdate
from intake.orders import receive_event
from intake.person.erasure import erase_person
from shops.news import PersonRequest, PrivacyRequest
from storage.database import Database
from storage.queries.campaigns.purchases import add_purchases
from storage.queries.coupons.stock import add_codes
from tests.activities.coupons.shop import BEST, CODES, CouponShop, definition_with
from tests.activities.test_activities import purchase_of
from tests.facts import PLACED

FIRST = CODES[0]
VIPS = ("VIP-1", "VIP-2")


def two_offers() -> Definition:
    """A campaign in which VIPs have codes of their own, of another offer than everybody else's."""
    made = definition_with()
    vip = {"text": "a gift", "coupon": "pool", "valid_for": "14 days"}
    offers = {**made.model_dump()["offers"], "vip": vip}
    return Definition.model_validate({**made.model_dump(), "offers": offers})


def test_another_audience_has_its_own_offer(database: Database) -> None:
    """Claimed as a VIP's; three older orders are cancelled: its coupon is released, and another taken."""
    shop = CouponShop(database, definition=two_offers())
    shop.customer()
    shop.add(CODES)
    with database.transaction() as session:
        add_codes(session, "vip", VIPS, Origin.POOL, CouponState.AVAILABLE, PLACED)
        older = [purchase_of(f"old-{n}", (PLACED - timedelta(days=30 + n)).isoformat()) for n in range(3)]
        add_purchases(session, older)
    shop.start()
    assert shop.claim_best()
    assert shop.coupons() == {**dict.fromkeys(CODES, "available"), "VIP-1": "reserved", "VIP-2": "available"}
    for number in range(3):
        lost = OrderUpdate(status=OrderStatus.CANCELLED, at=PLACED)
        with database.transaction() as session:
            receive_event(session, f"old-{number}", lost, BEST)
    body = shop.message(shop.claim_best()).text or ""
    assert FIRST in body
    assert shop.coupons() == {
        **dict.fromkeys((*CODES, *VIPS), "available"), FIRST: "reserved",
    }  # fmt: skip


def test_the_holdout_takes_no_code(database: Database) -> None:
    """A ghost is recorded without one."""
    held_out = Definition.model_validate({**definition_with().model_dump(), "holdout": "0.5"})
    shop = CouponShop(database, definition=held_out)
    shop.add(CODES)
    kinds = set()
    for number in range(12):
        shop.customer(customer_id=f"c-{number}", email=f"c{number}@example.com")
        shop.start(f"o-{number}", customer_id=f"c-{number}")
        kinds.add(shop.best(order_id=f"o-{number}").kind)
    assert Kind.SKIP in kinds
    assert set(shop.coupons().values()) <= {"reserved", "available"}


def test_an_order_that_starts_its_campaign_redeems_a_coupon(database: Database) -> None:
    """Started from any SDK, with the codes beside the purchase; again it changes nothing."""
    shop = CouponShop(database)
    shop.begin()
    shop.deliver(shop.claim_best(), BEST)
    newer = purchase_of("o-2", BEST.isoformat())
    codes = [DiscountCode(code=FIRST.lower(), amount=Decimal("4.00"))]
    request = EnrolRequest(purchase=newer, run_id="run", now=BEST, discount_codes=codes)
    for _ in range(2):
        enrol(database, shop.definition, request)
    row = shop.coupon()
    assert (row.state, row.redeemed_order_id, row.discount) == ("redeemed", "o-2", Decimal("4.00"))


@pytest.mark.parametrize(("sent", "state"), [(False, "released"), (True, "issued")])
def test_an_erasure_leaves_no_coupon_reserved(database: Database, sent: bool, state: str) -> None:
    """What was reserved is released, and what was issued stays, both nobody's."""
    shop = CouponShop(database)
    shop.begin()
    identifier = shop.claim_best()
    if sent:
        shop.deliver(identifier, BEST)
    request = PersonRequest(PrivacyRequest.ERASE, email="ada@example.com")
    with database.transaction() as session:
        assert erase_person(session, request, "test", BEST).found
    row: Any = shop.coupon()
    assert (row.state, row.customer_id.startswith("erased-")) == (state, True)
    shop.end()
    assert shop.coupon().state == state
