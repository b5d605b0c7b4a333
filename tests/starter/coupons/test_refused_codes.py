"""Codes that the shop refuses, answers that do not come: whatever else there is, is given all the same."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from activities.coupon_stock import keep_coupons
from campaign.definition.model import Definition
from campaign.errors import Unavailable
from campaign.offers.coupons import CouponState, Origin
from starter.shops.shopify_codes import ShopifyCodes
from storage.database import Database
from storage.queries.coupons.filling import keep_stock
from storage.queries.coupons.stock import add_codes, stock_of
from tests.facts import PLACED
from tests.fakes.shopify_api import DISCOUNT, THROTTLED, Answer, Shopify, serving_shopify
from tests.starter.coupons.offers import at_shopify, pusher

ADD = "discountRedeemCodeBulkAdd"
HOUR = timedelta(hours=1)


def turn(database: Database, shopify: Shopify, definition: Definition, now: datetime = PLACED) -> None:
    """The schedule's turn; it waits for nothing."""
    keep_coupons(database, definition, pusher(shopify), now)


def numbers(database: Database, offer: str = "come-back") -> tuple[int, int, int]:
    """How many codes are with us, of these refused, and how many can be given."""
    with database.reading() as session:
        stock = stock_of(session, offer)
    return stock.made, stock.refused, stock.available


def codes(number: int) -> list[str]:
    """Codes in the order in which they are added."""
    return [f"BACK-{n:04}" for n in range(number)]


def add(database: Database, number: int) -> None:
    """Add codes that the shop does not know."""
    with database.transaction() as session:
        add_codes(session, "come-back", codes(number), Origin.GENERATED, CouponState.MADE, PLACED)


def test_refused_codes_keep_no_other_from_the_shop(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """The oldest 250 are refused for ever: the others are given, and as many are made as were refused."""
    add(database, 300)
    shopify.unwanted = set(codes(250))
    turn(database, shopify, definition)
    assert numbers(database) == (250, 250, 50)
    turn(database, shopify, definition, PLACED + HOUR)
    assert numbers(database) == (250, 250, 300)


def test_a_batch_that_is_refused_whole_keeps_no_other_back(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """One code that Shopify's request does not take costs its own batch a pause, and nobody else."""
    add(database, 300)
    shopify.poisonous = set(codes(1))
    turn(database, shopify, definition)
    assert numbers(database) == (250, 250, 50)


def test_refused_codes_are_given_again_ever_later(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """After half an hour, an hour, two, and then each day; taken at last, they are as good as any other."""
    add(database, 300)
    shopify.unwanted = set(codes(300))
    given = []
    for hours in range(9):
        before = len(shopify.batches)
        turn(database, shopify, definition, PLACED + hours * HOUR)
        given.append(sum(codes(1)[0] in batch for batch in list(shopify.batches.values())[before:]))
    assert given == [1, 1, 1, 0, 1, 0, 0, 0, 1]
    shopify.unwanted = set()
    turn(database, shopify, definition, PLACED + timedelta(days=3))
    assert numbers(database)[:2] == (0, 0)


def test_what_the_shop_refuses_altogether_is_not_made_without_end(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """Every code is refused, for a week: other ones are tried once, and no more are made."""
    shopify.refuses_each = True
    for hours in range(0, 24 * 7, 6):
        turn(database, shopify, definition, PLACED + hours * HOUR)
    assert numbers(database) == (600, 600, 0)


def test_an_offer_whose_discount_is_gone_keeps_no_other_back(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """The first offer's discount is not at Shopify: the second gets its codes, the first's wait unblamed."""
    gone = DISCOUNT + "0"
    shopify.gone = {gone}
    first = {**definition.offers["come-back"].model_dump(), "shopify_discount": gone, "prefix": "GONE"}
    both = at_shopify(definition, **{"a-first": first})
    with pytest.raises(Unavailable, match=r"a-first: Shopify refuses the codes: INVALID"):
        keep_stock(database, both, ShopifyCodes(shopify.url, "t", seconds=5, wait=lambda _: None), PLACED)
    assert (numbers(database, "a-first"), numbers(database)) == ((300, 0, 0), (0, 0, 300))


@pytest.mark.parametrize("busy", [429, 503, THROTTLED], ids=str)
def test_a_busy_shop_is_asked_again(
    database: Database, shopify: Shopify, definition: Definition, busy: int | Answer
) -> None:
    """Too many requests, or none answered just now: the turn goes on after a pause."""
    shopify.next = [busy, busy]
    turn(database, shopify, definition)
    assert numbers(database) == (0, 0, 300)


def test_a_code_of_another_discount_is_not_given(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """Shopify calls it taken, as one that an earlier attempt has added: only that one is as good as new."""
    add(database, 300)
    shopify.codes, shopify.others = set(codes(2)[:1]), set(codes(2)[1:])
    turn(database, shopify, definition)
    assert numbers(database) == (1, 1, 299)
    with database.reading() as session:
        assert stock_of(session, "come-back").refusal == "TAKEN"


def test_a_lost_answer_is_asked_for_again(database: Database, definition: Definition) -> None:
    """The first three connections are closed without one; the codes are given in the same turn."""
    with serving_shopify(closing=3) as shopify:
        turn(database, shopify, definition)
        assert numbers(database) == (0, 0, 300)


@pytest.mark.parametrize("wrong", [
    {"data": []}, {"data": {ADD: []}}, {"data": {ADD: {"bulkCreation": None, "userErrors": []}}},
    {"data": {ADD: {"bulkCreation": "x", "userErrors": "x"}}}, {"errors": "x"}, {"errors": [None]}, [],
], ids=json.dumps)  # fmt: skip
def test_an_answer_of_another_form_stops_nothing(
    database: Database, shopify: Shopify, definition: Definition, wrong: Any
) -> None:
    """It is reported, no code is given or blamed, and the next turn gives them."""
    shopify.next = [wrong]
    turn(database, shopify, definition)
    assert numbers(database) == (300, 0, 0)
    turn(database, shopify, definition, PLACED + HOUR)
    assert numbers(database) == (0, 0, 300)


def test_a_batch_that_is_never_done_keeps_no_other_back(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """The turn ends with it, and the next one gives the others first."""
    add(database, 300)
    shopify.slow = True
    turn(database, shopify, definition)
    assert numbers(database) == (300, 250, 0)
    shopify.slow = False
    turn(database, shopify, definition, PLACED + timedelta(minutes=10))
    assert numbers(database)[2] >= 50
    assert set(codes(300)[250:]) <= shopify.codes


def test_two_give_the_same_codes_at_once(
    database: Database, shopify: Shopify, definition: Definition
) -> None:
    """Another one gives and records them while the shop answers: each is there once, none is blamed."""
    add(database, 300)
    others = ["one"]

    def another() -> None:
        if others:
            others.pop()
            shopify.lock.release()
            turn(database, shopify, definition)
            shopify.lock.acquire()

    shopify.after = another
    turn(database, shopify, definition)
    assert numbers(database) == (0, 0, 300)
    assert shopify.codes == set(codes(300))
