"""Who is woken when an offer has codes again: who waits for them, and never more than there are codes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from activities.enrol import first_wait
from campaign.offers.coupons import CouponState
from campaign.reasons import Reason
from campaign.rules.decision import Kind
from storage.database import Database
from storage.queries.campaigns.facts import load_run
from storage.queries.coupons import awaiting
from storage.queries.coupons.awaiting import awaiting_codes
from storage.queries.coupons.reserving import record_empty
from storage.queries.coupons.stock import codes_in
from tests.activities.coupons.shop import BEST, CODES, DUE, CouponShop, definition_with

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SOON = BEST + HOUR
ALL = [f"o-{number}" for number in range(5)]


@pytest.fixture
def shop(database: Database) -> CouponShop:
    """Five customers whose messages wait, the first of them longest: the pool is empty."""
    made = CouponShop(database)
    for number, order_id in enumerate(ALL):
        made.customer(customer_id=f"c-{number}", email=f"c{number}@example.com")
        made.start(order_id, customer_id=f"c-{number}")
        made.best(BEST + number * MINUTE, order_id)
    return made


def awaited(shop: CouponShop, at: datetime = SOON) -> list[str]:
    """Who is woken now."""
    with shop.database.transaction() as session:
        return awaiting_codes(session, at)


def test_without_codes_nobody_is_woken(shop: CouponShop) -> None:
    """They would look in vain."""
    assert awaited(shop) == []


def test_as_many_are_woken_as_there_are_codes(shop: CouponShop) -> None:
    """Three codes: the three that have waited longest; once they have theirs, nobody is left to be woken."""
    shop.add(CODES)
    assert awaited(shop) == ALL[:3]
    assert [shop.best(SOON, order_id).kind for order_id in ALL[:3]] == [Kind.SEND] * 3
    assert awaited(shop) == []


def test_a_turn_is_bounded(shop: CouponShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many codes there are; the next turn finds the others."""
    monkeypatch.setattr(awaiting, "MOST", 2)
    shop.add(f"BACK-{number:04}" for number in range(9))
    assert awaited(shop) == ALL[:2]
    for order_id in ALL[:2]:
        shop.best(SOON, order_id)
    assert awaited(shop) == ALL[2:4]


def test_who_has_ended_or_looks_by_itself_is_not_woken(shop: CouponShop) -> None:
    """A closed campaign, and those whose own next look has come."""
    shop.add(f"BACK-{number:04}" for number in range(9))
    shop.end(order_id=ALL[0])
    assert awaited(shop) == ALL[1:]
    assert awaited(shop, BEST + 4 * HOUR) == []


def test_at_night_a_woken_campaign_waits_for_the_morning(shop: CouponShop) -> None:
    """Woken in quiet hours it waits until they are over, takes no code yet, and is not woken again."""
    night = BEST + 12 * HOUR
    waits = shop.best(night, ALL[0])
    assert waits.reason is Reason.QUIET_HOURS
    shop.add(CODES)
    assert ALL[0] in awaited(shop, night)
    assert shop.best(night, ALL[0]).reason is Reason.QUIET_HOURS
    assert ALL[0] not in awaited(shop, night)
    assert shop.coupons() == dict.fromkeys(CODES, "available")


def test_who_waits_for_the_next_day_is_not_woken(database: Database) -> None:
    """The day has had its share: more codes would not help."""
    shop = CouponShop(database, definition=definition_with(max_per_day=1))
    shop.begin()
    shop.customer(customer_id="c-2", email="ben@example.com")
    shop.start("o-2", customer_id="c-2")
    shop.claim_best()
    assert shop.best(order_id="o-2").kind is Kind.WAIT
    assert awaited(shop) == []


def test_who_is_woken_finds_the_codes(shop: CouponShop) -> None:
    """An offer that is wrongly recorded as empty is corrected: else whoever is woken would not look."""
    shop.add(CODES)
    with shop.database.transaction() as session:
        record_empty(session, "come-back", SOON)
    assert shop.best(SOON, ALL[0]).kind is Kind.WAIT
    assert awaited(shop) == [*ALL[1:4]]
    assert shop.best(SOON, ALL[0]).kind is Kind.SEND
    with shop.database.reading() as session:
        assert len(codes_in(session, "come-back", CouponState.AVAILABLE, 9)) == 2


@pytest.mark.parametrize("at", [DUE - timedelta(days=20), BEST])
def test_a_step_is_planned_for_when_it_is_due(shop: CouponShop, at: datetime) -> None:
    """Whatever the offer has left before: a campaign planned while it had none would look four hours late."""
    with shop.database.reading() as session:
        run = load_run(session, ALL[0])
    step = shop.definition.step("win-back-best")
    assert first_wait(run, step, at).at == max(DUE, at)
    assert shop.best(DUE - timedelta(days=20), ALL[0]).until == DUE
