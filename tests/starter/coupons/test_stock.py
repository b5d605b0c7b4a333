"""Codes are made ahead, and given to the shop before anybody gets one: against a Shopify of our own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from activities.coupon_stock import keep_coupons
from campaign.definition.model import Definition
from campaign.offers.coupons import CouponState, Origin
from starter.shops.shopify_codes import ShopifyCodes
from storage.database import Database
from storage.queries.coupons.filling import hand_over, keep_stock, make_first_codes
from storage.queries.coupons.stock import add_codes, count, stock_of
from tests.activities.coupons.shop import BEST, CODES, CouponShop, definition_with
from tests.facts import PLACED

DISCOUNT = "gid://shopify/DiscountCodeNode/1057"
OFFER = {"coupon": "single_use", "prefix": "BACK", "keep_ready": 300, "shopify_discount": DISCOUNT}


@dataclass
class Shopify:
    """The two operations of the Admin API that are used, as its documentation has them."""

    codes: set[str] = field(default_factory=set)
    batches: dict[str, list[str]] = field(default_factory=dict)
    looks: int = 0
    refuses: bool = False
    unwanted: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    url: str = ""

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        if self.refuses:
            return {"errors": [{"message": "x", "extensions": {"code": "ACCESS_DENIED"}}]}
        if "discountRedeemCodeBulkAdd" in query:
            assert variables["discount"] == DISCOUNT
            name = f"gid://shopify/DiscountRedeemCodeBulkCreation/{len(self.batches)}"
            self.batches[name] = [entry["code"] for entry in variables["codes"]]
            assert len(self.batches[name]) <= 250
            return {"data": {"discountRedeemCodeBulkAdd": {"bulkCreation": {"id": name}, "userErrors": []}}}
        self.looks += 1
        batch = self.batches[variables["id"]]
        if self.looks % 2:
            return self._results(done=False, nodes=[])
        taken = [
            {"code": c, "discountRedeemCode": None, "errors": [{"code": "TAKEN"}]}
            for c in batch
            if c in self.codes
        ]
        bad = [
            {"code": c, "discountRedeemCode": None, "errors": [{"code": "INVALID"}]}
            for c in batch
            if c in self.unwanted
        ]
        added = set(batch) - self.codes - self.unwanted
        new = [{"code": c, "discountRedeemCode": {"id": "1"}, "errors": []} for c in batch if c in added]
        self.codes |= added
        return self._results(done=True, nodes=[*taken, *bad, *new])

    def _results(self, *, done: bool, nodes: list[dict[str, Any]]) -> dict[str, Any]:
        return {"data": {"discountRedeemCodeBulkCreation": {"done": done, "codes": {"nodes": nodes}}}}


@pytest.fixture
def shopify() -> Iterator[Shopify]:
    """Shopify, as far as codes are concerned, on this machine."""
    shop = Shopify()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            shop.tokens.add(self.headers["X-Shopify-Access-Token"])
            answer = json.dumps(shop.answer(body["query"], body["variables"])).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_port}"
    yield shop
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def definition() -> Definition:
    """A campaign at Shopify whose best offer has codes that we make."""
    made = definition_with(**OFFER)
    shop = {**made.shop.model_dump(), "system": "shopify"}
    return Definition.model_validate({**made.model_dump(), "shop": shop})


def pusher(shopify: Shopify) -> ShopifyCodes:
    """The one that is tested; it waits for nothing."""
    return ShopifyCodes(shopify.url, "shpat_token", seconds=5, wait=lambda _: None)


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
    assert hand_over(database, "come-back", definition.offers["come-back"], pusher(shopify)) == 3


def test_a_code_that_the_shop_never_takes_is_not_waited_for(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """Shopify is done without it: two looks at each batch, the others count, and it stays with us."""
    with database.transaction() as session:
        add_codes(session, "come-back", CODES, Origin.GENERATED, CouponState.MADE, PLACED)
    shopify.unwanted = {CODES[0]}
    assert hand_over(database, "come-back", definition.offers["come-back"], pusher(shopify)) == 2
    assert (len(shopify.batches), shopify.looks) == (2, 4)
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
        shop.customer(customer_id=f"c-{number}", email=f"c{number}@example.com")
        shop.start(f"p-{number}", customer_id=f"c-{number}")
        shop.best(order_id=f"p-{number}")
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
