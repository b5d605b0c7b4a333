"""A coupon's life on both databases: reserved with the claim, issued with the message, else released."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from campaign.errors import ChannelError, ChannelPending, ChannelRefused, ChannelUncertain
from campaign.facts import MessageState
from campaign.offers.coupons import Origin
from campaign.reasons import Reason
from campaign.rules.decision import Kind
from storage.database import Database
from tests.activities.coupons.shop import BEST, CODES, DUE, CouponShop, definition_with
from tests.activities.test_activities import Killed
from tests.facts import PLACED

FIRST = CODES[0]
HELD = dict.fromkeys(CODES, "available")


@pytest.fixture
def shop(database: Database) -> CouponShop:
    """One customer, one order, three codes of a pool."""
    made = CouponShop(database)
    made.begin()
    return made


def test_a_code_is_reserved_with_the_claim_and_issued_with_the_message(shop: CouponShop) -> None:
    """The message shows the reserved code; once sent, the customer has it until the end of a local day."""
    identifier = shop.claim_best()
    assert shop.coupons() == {**HELD, FIRST: "reserved"}
    body = shop.message(identifier).text or ""
    assert FIRST in body
    assert shop.deliver(identifier, BEST) is MessageState.SENT
    row = shop.coupon()
    assert (row.state, row.order_id, row.step, row.customer_id) == ("issued", "o-1", "win-back-best", "c-1")
    assert row.expires_at is not None
    assert row.expires_at.isoformat() == "2026-06-15T03:59:59+00:00"  # the end of June 14 in New York
    assert "14 June" in body or "June 14" in body
    shop.end()
    assert shop.coupons() == {**HELD, FIRST: "issued"}


def test_a_retry_gives_the_same_code(shop: CouponShop) -> None:
    """Decided again, tried again, killed in between: one code."""
    identifier = shop.claim_best()
    assert shop.claim_best() == identifier
    shop.provider.failures = [ChannelError("down")]
    with pytest.raises(ChannelError):
        shop.deliver(identifier, BEST)
    shop.provider.dies_after_accepting = True
    with pytest.raises(Killed):
        shop.deliver(identifier, BEST)
    assert shop.deliver(identifier, BEST) is MessageState.SENT
    assert shop.coupons() == {**HELD, FIRST: "issued"}


def test_what_may_have_gone_counts_as_issued(shop: CouponShop) -> None:
    """Unconfirmed: the customer may have the code."""
    identifier = shop.claim_best()
    shop.provider.failures = [ChannelUncertain("lost")]
    with pytest.raises(ChannelPending):
        shop.deliver(identifier, BEST)
    shop.provider.unfindable = [ChannelUncertain("unknown")]
    assert shop.deliver(identifier, BEST) is MessageState.UNCONFIRMED
    assert shop.coupons() == {**HELD, FIRST: "issued"}


def test_a_campaign_that_ends_while_sending_counts_as_issued(shop: CouponShop) -> None:
    """Closed while the provider has the message, perhaps: nobody looks for it any more."""
    identifier = shop.claim_best()
    shop.provider.dies_after_accepting = True
    with pytest.raises(Killed):
        shop.deliver(identifier, BEST)
    shop.end()
    assert shop.coupons() == {**HELD, FIRST: "issued"}


def test_a_code_that_was_never_handed_over_is_there_for_others(shop: CouponShop) -> None:
    """Claimed, rendered, and the campaign ends: the pool has its code again, and no trace of whose it was."""
    shop.claim_best()
    shop.end()
    assert shop.coupons() == HELD
    assert (shop.coupon().customer_id, shop.coupon().order_id) == (None, None)


def test_a_code_that_was_handed_over_is_not(shop: CouponShop) -> None:
    """Refused by the provider: the code is released, and nobody gets it."""
    identifier = shop.claim_best()
    shop.provider.failures = [ChannelRefused("never", "550")]
    assert shop.deliver(identifier, BEST) is MessageState.FAILED
    assert shop.best().reason is Reason.FAILED
    assert shop.coupons() == {**HELD, FIRST: "released"}


def test_a_generated_code_never_comes_back(database: Database) -> None:
    """Released, whether it was handed over or not."""
    shop = CouponShop(database, definition=definition_with(coupon="single_use", prefix="BACK"))
    shop.begin(origin=Origin.GENERATED)
    shop.claim_best()
    shop.end()
    assert shop.coupons() == {**HELD, FIRST: "released"}


def test_the_channel_that_takes_over_shows_the_same_code(shop: CouponShop) -> None:
    """The email bounces after it was accepted: the SMS has the email's coupon."""
    granted = {"channel": "sms", "state": "granted", "source": "checkout", "at": PLACED, "confirmed": True}
    shop.customer(phone="+12025550143", consents=[granted])
    identifier = shop.claim_best()
    shop.deliver(identifier, BEST)
    shop.settle(identifier, MessageState.FAILED)
    later = BEST + timedelta(hours=3)
    text = shop.claim_best(later)
    assert text != identifier
    assert FIRST in (shop.message(text).text or "")
    shop.deliver(text, later)
    assert shop.coupons() == {**HELD, FIRST: "issued"}


def test_a_coupon_whose_messages_all_failed_is_void(shop: CouponShop) -> None:
    """Accepted, issued, bounced: nobody has it when the campaign ends."""
    identifier = shop.claim_best()
    shop.deliver(identifier, BEST)
    shop.settle(identifier, MessageState.FAILED)
    shop.end()
    assert shop.coupons() == {**HELD, FIRST: "void"}


def test_without_codes_the_message_waits_and_then_goes_without_the_offer(database: Database) -> None:
    """An empty pool: looked at every four hours from when it is due, for 48 hours; then without the offer."""
    shop = CouponShop(database)
    shop.begin(codes=())
    answer = shop.best()
    assert (answer.kind, answer.reason) == (Kind.WAIT, Reason.NO_COUPON)
    assert answer.until == DUE + timedelta(hours=4)
    late = BEST + timedelta(hours=48)
    identifier = shop.claim_best(late)
    assert "20%" not in (shop.message(identifier).text or "")
    shop.add(CODES)
    assert shop.deliver(identifier, late) is MessageState.SENT
    assert shop.coupons() == HELD


def test_a_filled_pool_ends_the_wait(database: Database) -> None:
    """Codes are uploaded while the message waits: it goes with one."""
    shop = CouponShop(database)
    shop.begin(codes=())
    assert shop.best().kind is Kind.WAIT
    shop.add(CODES)
    identifier = shop.claim_best(BEST + timedelta(hours=4))
    assert FIRST in (shop.message(identifier).text or "")


def test_so_many_a_day(database: Database) -> None:
    """The second customer of the day waits for the next one; a released coupon makes room."""
    shop = CouponShop(database, definition=definition_with(max_per_day=1))
    shop.begin()
    shop.customer(customer_id="c-2", email="ben@example.com")
    shop.start("o-2", customer_id="c-2")
    shop.claim_best()
    waits = shop.best(order_id="o-2")
    assert (waits.kind, waits.until) == (Kind.WAIT, datetime(2026, 6, 1, 12, 0, tzinfo=UTC))
    shop.end()
    assert shop.best(order_id="o-2").kind is Kind.SEND


def test_no_code_goes_to_two_customers(database: Database) -> None:
    """Thirty customers at once and twenty codes: each code once, and ten wait."""
    shop = CouponShop(database)
    codes = [f"BACK-{number:04}" for number in range(20)]
    shop.add(codes)
    for number in range(30):
        shop.customer(customer_id=f"c-{number}", email=f"c{number}@example.com")
        shop.start(f"o-{number}", customer_id=f"c-{number}")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: shop.best(order_id=f"o-{number}"), range(30)))
    assert [answer.kind for answer in answers].count(Kind.SEND) == 20
    assert shop.coupons() == dict.fromkeys(codes, "reserved")
