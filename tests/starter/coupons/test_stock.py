"""Codes are made ahead, and given to the shop before anybody gets one: against a Shopify of our own."""

from __future__ import annotations

from datetime import timedelta

from activities.coupon_stock import keep_coupons
from campaign.definition.model import Definition
from campaign.offers.coupons import CouponState, Origin
from storage.database import Database
from storage.queries.coupons.filling import hand_over, keep_stock, make_first_codes
from storage.queries.coupons.stock import add_codes, count, stock_of
from tests.activities.coupons.shop import BEST, CODES, CouponShop, definition_with
from tests.facts import PLACED
from tests.fakes.shopify_api import Shopify
from tests.starter.coupons.offers import OFFER, pusher


def test_no_code_is_given_that_the_shop_does_not_know(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """Made and pushed in batches; all that may be given are at the shop, and the token is sent."""
    (stock,) = keep_stock(database, definition, pusher(shopify), PLACED)
    assert (stock.made, stock.available, stock.filled) == (0, 300, 300)
    assert (len(shopify.codes), len(shopify.batches), shopify.tokens) == (300, 2, {"shpat_token"})
    shop = CouponShop(database, definition=definition)
    shop.customer()
    shop.start()
    body = shop.message(shop.claim_best()).text or ""
    assert any(code in body for code in shopify.codes)


def test_without_the_shop_nothing_is_given(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """Refused, or not configured: the codes wait, and so do messages."""
    shopify.refuses = True
    keep_coupons(database, definition, pusher(shopify), PLACED)
    keep_coupons(database, definition, None, PLACED)
    with database.reading() as session:
        assert count(session, "come-back", CouponState.MADE) == 300
        assert count(session, "come-back", CouponState.AVAILABLE) == 0


def test_a_push_that_died_is_repeated(database: Database, shopify: Shopify, definition: Definition) -> None:
    """The shop has the codes, and we do not know: given again, they count as there."""
    with database.transaction() as session:
        add_codes(session, "come-back", CODES, Origin.GENERATED, CouponState.MADE, PLACED)
    shopify.codes = set(CODES)
    assert hand_over(database, "come-back", definition.offers["come-back"], pusher(shopify), PLACED) == 3


def test_a_code_that_the_shop_never_takes_is_not_waited_for(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """Shopify is done without it: two looks at the batch, the others count, and it stays with us."""
    with database.transaction() as session:
        add_codes(session, "come-back", CODES, Origin.GENERATED, CouponState.MADE, PLACED)
    shopify.unwanted = {CODES[0]}
    assert hand_over(database, "come-back", definition.offers["come-back"], pusher(shopify), PLACED) == 2
    assert (len(shopify.batches), shopify.looks) == (1, 2)
    with database.reading() as session:
        assert count(session, "come-back", CouponState.MADE) == 1


def test_a_worker_has_codes_at_its_start(database: Database) -> None:
    """Made once, and no more while there are enough; a pool is not ours to fill."""
    own = definition_with(**{**OFFER, "keep_ready": 10, "shopify_discount": None})
    assert make_first_codes(database, own, PLACED) == make_first_codes(database, own, PLACED) == []
    with database.reading() as session:
        assert stock_of(session, "come-back").available == 10
    assert make_first_codes(database, definition_with(), PLACED) == []


def test_codes_that_the_shop_must_learn_are_named(database: Database, definition: Definition) -> None:
    """Made ahead for Shopify: none may be given yet."""
    assert make_first_codes(database, definition, PLACED) == ["come-back"]


def test_stock_is_kept_and_said_to_run_low(database: Database) -> None:
    """A shop that redeems here: filled up once half is gone; a pool is low at a fifth of its upload."""
    own = definition_with(**{**OFFER, "keep_ready": 10, "shopify_discount": None})
    assert [stock.available for stock in keep_stock(database, own, None, PLACED)] == [10]
    shop = CouponShop(database, definition=own)
    for number in range(5):
        shop.customer(customer_id=f"c-{number}", email=f"c{number}@example.com")
        shop.start(f"o-{number}", customer_id=f"c-{number}")
        shop.claim_best(order_id=f"o-{number}")
    assert [stock.available for stock in keep_stock(database, own, None, BEST)] == [10]


def test_a_pool_runs_low(database: Database) -> None:
    """At a fifth of what there was when codes were added last."""
    shop = CouponShop(database)
    shop.begin(codes=[f"POOL-{number}" for number in range(5)])
    low = []
    for number in range(4):
        shop.best_of_another(number)
        with database.reading() as session:
            low.append(stock_of(session, "come-back").low)
    assert low == [False, False, False, True]


def test_what_is_over_is_void(database: Database) -> None:
    """Past its last day an issued coupon is void, and before it is not."""
    shop = CouponShop(database)
    shop.begin()
    shop.deliver(shop.claim_best(), BEST)
    keep_stock(database, shop.definition, None, BEST + timedelta(days=14))
    assert shop.coupon().state == "issued"
    keep_stock(database, shop.definition, None, BEST + timedelta(days=16))
    assert shop.coupon().state == "void"
