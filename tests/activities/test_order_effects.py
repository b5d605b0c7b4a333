"""What an event of an order does to its messages: joined, returned, edited, at the same moment or not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from activities import render as writing
from activities.interface import ClaimedMessage, Enrolled, ReceivedSignal, RenderRequest, StepDecision
from activities.render import render
from campaign.facts import MessageState
from campaign.reasons import Reason
from campaign.rules.decision import Kind
from campaign.wire import OrderStatus, OrderUpdate, Product, Refund
from intake.orders import receive_event
from intake.refunds import record_refund
from intake.shop.news import apply_news, lock_news
from shops.news import ShopNews, ShopOrder
from storage.database import Database
from storage.queries.campaigns.runs import steps_of
from storage.queries.shop.catalogue import save_product
from tests.activities.test_activities import CONTENT, LOYALTY, Shop, purchase_of
from tests.facts import PLACED
from writing.message import write

HOUR = timedelta(hours=1)
NAMES = {"mug": "Stoneware mug", "tray": "Oak tray", "vase": "Clay vase"}


def lines(*skus: str) -> list[dict[str, Any]]:
    """One of each."""
    return [{"sku": sku, "quantity": 1, "unit_price": "20.00"} for sku in skus]


def buy(shop: Shop, order_id: str, hours: float, *skus: str, **changes: Any) -> Enrolled:
    """Enrol an order placed some hours after `PLACED`."""
    total = f"{20 * len(skus)}.00"
    return shop.enrol(order_id, f"run-{order_id}", hours / 24, lines=lines(*skus), total=total, **changes)


def thanks(shop: Shop, order_id: str, hours: float) -> StepDecision:
    """Decide an order's thank-you three hours after it was placed and processed."""
    at = PLACED + (hours + 3) * HOUR
    processed = ReceivedSignal(update=OrderUpdate(status=OrderStatus.PROCESSED, at=PLACED + hours * HOUR))
    return shop.decide("thank-you", at, [processed], order_id)


def written(shop: Shop, identifier: str) -> str:
    """Write a message; return its text."""
    render(shop.database, CONTENT, RenderRequest(message_id=identifier, now=LOYALTY))
    return shop.message(identifier).text or ""


def report(shop: Shop, refund_id: str, *skus: str, order_id: str = "o-1") -> None:
    """Report a refund of a few cents, for which products came back."""
    came_back = [{"sku": sku, "quantity": 1} for sku in skus]
    values = {"refund_id": refund_id, "amount": "0.50", "at": PLACED, "lines": came_back}
    with shop.database.transaction() as session:
        record_refund(session, order_id, Refund.model_validate(values), LOYALTY)


@pytest.fixture
def shop(database: Database) -> Shop:
    """A customer, and a catalogue."""
    made = Shop(database)
    made.customer()
    with database.transaction() as session:
        for sku, name in NAMES.items():
            known = {"url": f"https://shop.example.com/{sku}", "price": "20.00", "currency": "USD"}
            save_product(session, Product.model_validate({"sku": sku, "name": name, **known}))
    return made


def test_two_orders_of_a_day_get_one_thank_you(shop: Shop) -> None:
    """The older campaign ends, and the newer one's message names both orders and all their products."""
    buy(shop, "o-1", 0, "mug")
    assert buy(shop, "o-2", 1, "tray", "vase").supersedes == ["o-1"]
    assert thanks(shop, "o-1", 0).reason is Reason.REPURCHASED
    (message,) = thanks(shop, "o-2", 1).messages
    text = written(shop, message.id)
    assert "Your orders o-1 and o-2 are in good hands" in text
    assert all(text.count(name) == 1 for name in NAMES.values())
    assert shop.deliver(message.id, PLACED + 4 * HOUR) is MessageState.SENT


def test_after_a_thank_you_the_next_order_of_the_day_gets_none(shop: Shop) -> None:
    """Skipped with its own reason, which is kept with the step; two days later there is one again."""
    buy(shop, "o-1", 0, "mug")
    (message,) = thanks(shop, "o-1", 0).messages
    written(shop, message.id)
    shop.deliver(message.id, PLACED + 3 * HOUR)
    buy(shop, "o-2", 20, "tray")
    assert thanks(shop, "o-2", 20).reason is Reason.JOINED
    with shop.database.transaction() as session:
        (step,) = steps_of(session, "o-2")
    assert (step.kind, step.reason) == ("skip", "joined")
    buy(shop, "o-3", 48, "vase")
    assert thanks(shop, "o-3", 48).kind is Kind.SEND


def test_the_second_order_arrives_while_the_thank_you_goes_out(shop: Shop) -> None:
    """Handed to the provider at this moment, it is the one; the second order's is skipped."""
    buy(shop, "o-1", 0, "mug")
    (message,) = thanks(shop, "o-1", 0).messages
    written(shop, message.id)
    answers = []

    def meanwhile() -> None:
        buy(shop, "o-2", 1, "tray")
        answers.append(thanks(shop, "o-2", 1).reason)

    shop.provider.meanwhile = meanwhile
    assert shop.deliver(message.id, PLACED + 3 * HOUR) is MessageState.SENT
    assert answers == [Reason.JOINED]


def test_the_second_order_arrives_before_the_thank_you_goes_out(shop: Shop) -> None:
    """Claimed and written, the first one's does not go any more; the second one's names both."""
    buy(shop, "o-1", 0, "mug")
    (first,) = thanks(shop, "o-1", 0).messages
    written(shop, first.id)
    buy(shop, "o-2", 1, "tray")
    assert shop.deliver(first.id, PLACED + 3 * HOUR) is MessageState.CLAIMED
    (second,) = thanks(shop, "o-2", 1).messages
    assert "Stoneware mug" in written(shop, second.id)
    assert shop.deliver(second.id, PLACED + 4 * HOUR) is MessageState.SENT
    assert shop.deliver(first.id, PLACED + 5 * HOUR) is MessageState.CLAIMED
    assert list(shop.provider.accepted) == [second.id]


@pytest.mark.parametrize("same_id", [True, False], ids=["one id", "one address"])
def test_orders_at_the_same_moment_are_thanked_for_once(shop: Shop, *, same_id: bool) -> None:
    """Eight orders run by eight threads at once, of one customer or of many guests with one address."""
    if not same_id:
        for number in range(8):
            shop.customer(customer_id=f"g-{number}")

    def run(number: int) -> None:
        order_id = f"o-{number}"
        buy(shop, order_id, 0, "mug", **({} if same_id else {"customer_id": f"g-{number}"}))
        for _ in range(3):
            for message in thanks(shop, order_id, 0).messages:
                written(shop, message.id)
                shop.deliver(message.id, PLACED + 3 * HOUR)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(run, range(8)))
    assert len(shop.provider.accepted) == 1


def test_a_renewal_gets_no_thank_you(shop: Shop) -> None:
    """It ends the older campaign, and is skipped at once; the order that it ended is thanked for alone."""
    buy(shop, "o-1", 0, "mug")
    assert buy(shop, "o-2", 25, "tray", renewal=True).supersedes == ["o-1"]
    assert shop.decide("thank-you", PLACED + 25 * HOUR, None, "o-2").reason is Reason.RENEWAL
    buy(shop, "o-3", 48, "vase")
    buy(shop, "o-4", 49, "tray", renewal=True)
    (message,) = thanks(shop, "o-4", 49).messages
    text = written(shop, message.id)
    assert "Your order o-3 is in good hands" in text
    assert "Oak tray" not in text


def test_a_product_that_came_back_is_not_requested_to_be_reviewed(shop: Shop) -> None:
    """The review request, which was written already, is written anew and has no line for it."""
    buy(shop, "o-1", 0, "mug", "tray")
    identifier = shop.claim()
    assert "sku=tray" in (shop.message(identifier).text or "")
    report(shop, "r-1", "tray")
    assert shop.deliver(identifier) is MessageState.CLAIMED
    assert shop.claim() == identifier
    text = shop.message(identifier).text or ""
    assert ("sku=mug" in text, "sku=tray" in text, "Oak tray" in text) == (True, False, False)
    assert shop.deliver(identifier) is MessageState.SENT


def test_what_changes_while_a_message_is_written_is_not_missed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A product comes back between reading the order and keeping the text: the text is not kept."""
    buy(shop, "o-1", 0, "mug", "tray")
    content = write

    def meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(writing, "write", content)
        report(shop, "r-1", "tray")
        return content(*args)

    monkeypatch.setattr(writing, "write", meanwhile)
    identifier = shop.claim()
    assert shop.message(identifier).text is None
    assert shop.deliver(identifier) is MessageState.CLAIMED
    assert shop.claim() == identifier
    assert "Oak tray" not in (shop.message(identifier).text or "")
    assert shop.deliver(identifier) is MessageState.SENT


def test_an_order_that_all_came_back_is_written_about_no_more(shop: Shop) -> None:
    """The claimed review request is not sent, and the step says why; an exchange brings the campaign back."""
    buy(shop, "o-1", 0, "mug", "tray")
    identifier = shop.claim()
    report(shop, "r-1", "tray", "mug")
    assert shop.deliver(identifier) is MessageState.CLAIMED
    assert shop.decide().reason is Reason.RETURNED
    edit(shop, PLACED + HOUR, "mug", "tray", "vase")
    assert shop.decide("win-back-soft", PLACED + timedelta(days=30, hours=2)).kind is Kind.SEND


def edit(shop: Shop, changed_at: datetime, *skus: str) -> None:
    """Receive a newer version of the order from its shop."""
    purchase = purchase_of("o-1", PLACED.isoformat(), lines=lines(*skus), total=f"{20 * len(skus)}.00")
    news = ShopNews(orders=(ShopOrder(purchase, starts=True, changed_at=changed_at),))
    with shop.database.transaction() as session:
        lock_news(session, news)
        apply_news(session, news, LOYALTY)


def test_an_edited_order_is_written_about_as_it_is(shop: Shop) -> None:
    """Edited after its message was written: that is written anew, with what was added, without what went."""
    buy(shop, "o-1", 0, "mug", "tray")
    identifier = shop.claim()
    edit(shop, PLACED + HOUR, "mug", "vase")
    assert shop.deliver(identifier) is MessageState.CLAIMED
    assert shop.claim() == identifier
    text = shop.message(identifier).text or ""
    assert ("Clay vase" in text, "Oak tray" in text) == (True, False)
    assert shop.deliver(identifier) is MessageState.SENT


def both_thanked(shop: Shop) -> ClaimedMessage:
    """A mug, and a tray an hour later: their joint thank-you is written."""
    buy(shop, "o-1", 0, "mug")
    buy(shop, "o-2", 1, "tray")
    (message,) = thanks(shop, "o-2", 1).messages
    assert "Stoneware mug" in written(shop, message.id)
    return message


def cancel(shop: Shop, order_id: str) -> None:
    """Receive that an order was cancelled."""
    with shop.database.transaction() as session:
        cancelled = OrderUpdate(status=OrderStatus.CANCELLED, at=PLACED + HOUR)
        receive_event(session, order_id, cancelled, PLACED + 2 * HOUR)


def test_an_order_is_thanked_for_though_the_next_one_was_cancelled(shop: Shop) -> None:
    """The next one's campaign, which has ended the first one's, thanks for the first alone."""
    message = both_thanked(shop)
    cancel(shop, "o-2")
    assert shop.deliver(message.id, PLACED + 4 * HOUR) is MessageState.CLAIMED
    (again,) = thanks(shop, "o-2", 1).messages
    text = written(shop, again.id)
    assert ("Stoneware mug" in text, "Oak tray" in text) == (True, False)
    assert shop.deliver(again.id, PLACED + 4 * HOUR) is MessageState.SENT
    assert shop.decide("loyalty", PLACED + 30 * HOUR, order_id="o-2").reason is Reason.CANCELLED


def test_a_cancelled_order_is_not_named_by_the_one_that_it_was_joined_with(shop: Shop) -> None:
    """Cancelled after the joint thank-you was written: that is written anew, about the other order alone."""
    message = both_thanked(shop)
    cancel(shop, "o-1")
    assert shop.deliver(message.id, PLACED + 4 * HOUR) is MessageState.CLAIMED
    (again,) = thanks(shop, "o-2", 1).messages
    assert again.id == message.id
    assert "Stoneware mug" not in written(shop, message.id)
    assert shop.deliver(message.id, PLACED + 4 * HOUR) is MessageState.SENT
