"""Which coupon a message shows: guard rails as pure functions of facts and time."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaign.definition.model import Shop
from campaign.facts import Facts
from campaign.offers.choice import Choice, Grant, WhyWithout, choose
from campaign.offers.codes import ALPHABET, new_code, normal_code
from campaign.offers.coupons import CouponState, HeldCoupon, OfferStock, Origin
from campaign.offers.links import apply_link
from campaign.offers.validity import valid_until, zone_of
from campaign.rules.timing import Window
from tests.activities.coupons.shop import definition_with
from tests.facts import PLACED, customer, facts, order

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
WINDOW = Window(NOW, NOW + timedelta(days=14))


def held(**changes: Any) -> HeldCoupon:
    """A coupon of this order's step."""
    values: dict[str, Any] = {
        "id": 1, "offer": "come-back", "code": "A", "origin": Origin.POOL, "state": CouponState.RESERVED,
        "order_id": "o-1", "step": "win-back-best", "at": NOW, "expires_at": NOW + timedelta(days=14),
        "cost": Decimal("10.00"),
    }  # fmt: skip
    return HeldCoupon(**{**values, **changes})


def choice(known: Facts | None = None, at: datetime = NOW, **offer: Any) -> Choice:
    """Choose for the best offer's step."""
    definition = definition_with(**offer)
    step = definition.step("win-back-best")
    (audience,) = [each for each in step.audiences if each.offer == "come-back"]
    return choose(definition, known or facts(), step, audience, WINDOW, at)


OTHER = held(order_id="o-0", state=CouponState.ISSUED)


@pytest.mark.parametrize(
    ("coupons", "offer", "grant"),
    [
        ((), {}, Grant.NEW),
        ((held(),), {}, Grant.HELD),
        ((held(state=CouponState.ISSUED),), {}, Grant.HELD),
        ((held(state=CouponState.REDEEMED),), {}, Grant.WITHOUT),
        ((held(state=CouponState.RELEASED),), {}, Grant.NEW),
        ((held(offer="vip"),), {}, Grant.NEW),
        ((held(offer="vip", state=CouponState.ISSUED),), {}, Grant.WITHOUT),
        ((OTHER,), {}, Grant.WITHOUT),
        ((OTHER,), {"stacks": True}, Grant.NEW),
        ((replace(OTHER, expires_at=NOW - timedelta(days=1)),), {}, Grant.NEW),
        ((replace(OTHER, state=CouponState.REDEEMED),), {"max_cost_per_customer": "19.99"}, Grant.WITHOUT),
        ((replace(OTHER, state=CouponState.REDEEMED),), {"max_cost_per_customer": "20.00"}, Grant.NEW),
        ((replace(OTHER, state=CouponState.VOID),), {"max_cost_per_customer": "10.00"}, Grant.NEW),
    ],
)
def test_a_customers_coupons_decide(
    coupons: tuple[HeldCoupon, ...], offer: dict[str, Any], grant: Grant
) -> None:
    """The step's own is shown again, another open one is not stacked, and a customer costs so much a year."""
    assert choice(facts(coupons=coupons), **offer).grant is grant


@pytest.mark.parametrize(
    ("stock", "offer", "until"),
    [
        (OfferStock(empty_since=NOW), {}, NOW + timedelta(hours=4)),
        (OfferStock(day="2026-06-01", given=5), {"max_per_day": 5}, datetime(2026, 6, 2, 4, 0, tzinfo=UTC)),
        (OfferStock(day="2026-05-31", given=5), {"max_per_day": 5}, None),
        (OfferStock(day="2026-06-01", given=4), {"max_per_day": 5}, None),
        (
            OfferStock(day="2026-06-01", given=1, spent=Decimal("90.01")),
            {"max_cost_per_day": "100.00"},
            datetime(2026, 6, 2, 4, 0, tzinfo=UTC),
        ),
        (OfferStock(day="2026-06-01", spent=Decimal("90.00")), {"max_cost_per_day": "100.00"}, None),
        (
            OfferStock(day="2026-05-31", spent=Decimal("9.00")),
            {"max_cost_per_day": "9.99"},
            datetime(2026, 6, 2, 4, 0, tzinfo=UTC),
        ),
        (OfferStock(), {"max_cost_per_day": "9.99"}, datetime(2026, 6, 2, 4, 0, tzinfo=UTC)),
    ],
)
def test_what_an_offer_has_left_decides(
    stock: OfferStock, offer: dict[str, Any], until: datetime | None
) -> None:
    """Nothing left: looked at in four hours. The day's share is given, or less than one: on the next day."""
    known = facts(offers={"come-back": stock}, orders=(order(total="50.00"),))
    found = choice(known, **offer)
    assert (found.grant, found.until) == ((Grant.NEW, None) if until is None else (Grant.LATER, until))


def test_a_message_waits_for_48_hours() -> None:
    """Never longer, whatever the stock says; and at most half of a short window."""
    known = facts(offers={"come-back": OfferStock(empty_since=PLACED)})
    late = choice(known, NOW + timedelta(hours=46))
    assert (late.grant, late.until) == (Grant.LATER, NOW + timedelta(hours=48))
    assert choice(known, NOW + timedelta(hours=48)).grant is Grant.WITHOUT


def test_why_a_message_goes_without_is_named() -> None:
    """The step's coupon used, another one open, the customer's cost, no code, the day's share."""
    empty, given = OfferStock(empty_since=PLACED), OfferStock(day="2026-06-03", given=5)
    over = NOW + timedelta(hours=48)
    used = replace(OTHER, state=CouponState.REDEEMED)
    for known, at, offer, why in (
        (facts(coupons=(held(state=CouponState.REDEEMED),)), NOW, {}, WhyWithout.USED),
        (facts(coupons=(OTHER,)), NOW, {}, WhyWithout.OTHER_COUPON),
        (facts(coupons=(used,)), NOW, {"max_cost_per_customer": "19.99"}, WhyWithout.COST),
        (facts(offers={"come-back": empty}), over, {}, WhyWithout.RUN_OUT),
        (facts(offers={"come-back": given}), over, {"max_per_day": 5}, WhyWithout.DAY_LIMIT),
        (facts(), NOW, {}, None),
    ):
        assert choice(known, at, **offer).why is why


@pytest.mark.parametrize(
    ("zone", "ends"),
    [("Pacific/Auckland", "2026-06-16T23:59:59+12:00"), ("America/Los_Angeles", "2026-06-15T23:59:59-07:00")],
)
def test_an_offer_ends_with_the_customers_day(zone: str, ends: str) -> None:
    """At the same moment it is another date for another customer."""
    own = zone_of(definition_with(), customer(time_zone=zone, country=None, phone=None))
    assert valid_until(NOW + timedelta(hours=8), timedelta(days=14), own).isoformat() == ends


def test_codes_cannot_be_guessed_and_can_be_read() -> None:
    """Twelve characters of 29, none alike, in groups; never the same; read in small letters too."""
    assert set("01OIAEU") & set(ALPHABET) == set()
    assert len(set(ALPHABET)) == 29
    codes = {new_code("BACK") for _ in range(10_000)}
    assert len(codes) == 10_000
    assert all(re.fullmatch(rf"BACK(-[{ALPHABET}]{{4}}){{3}}", code) for code in codes)
    assert normal_code(" back-bbbb-2222-cccc ") == "BACK-BBBB-2222-CCCC"
    assert normal_code("summer sale") is None


@pytest.mark.parametrize(
    ("shop", "link"),
    [
        ({"system": "shopify"}, "https://shop.com/discount/A%26B?redirect=/collections/all"),
        ({"system": "woocommerce"}, None),
        ({"apply_url": "https://shop.com/?apply_coupon={code}&to={path}"},
         "https://shop.com/?apply_coupon=A%26B&to=%2Fcollections%2Fall"),
    ],
)  # fmt: skip
def test_the_link_applies_the_code(shop: dict[str, Any], link: str | None) -> None:
    """Shopify's own, the shop's, or none; whatever is in the code stays in its place."""
    known = Shop.model_validate({"currency": "USD", "country": "US", "time_zone": "America/New_York", **shop})
    assert apply_link(known, "https://shop.com", "A&B", "/collections/all") == link
