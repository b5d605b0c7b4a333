"""Applying what a shop reports, in one transaction: people, orders, what became of them, the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from campaign.wire import OrderUpdate, Refund
from intake.orders import receive_event
from intake.person.requests import receive_person_request
from intake.refunds import record_refund
from intake.shop.orders import NEVER, Became, apply_order, is_erased
from intake.shop.people import addresses_of, owners, save_people
from shops.news import Ignored, ShopNews
from storage.queries.people.locks import lock_people
from storage.queries.shop.orders import known_orders, recorded_statuses
from storage.queries.shop.stock import record_stock, save_catalogue_entry, take_items_off_sale, take_off_sale

APPLIED, WAITS = "applied", "waits_for_order"


def lock_news(session: Session, news: ShopNews) -> None:
    """Lock everybody whom the news is about. It begins the transaction."""
    ids = {one.customer.customer_id for one in news.customers}
    ids |= {order.purchase.customer_id for order in news.orders}
    if ids or _order_ids(news):
        lock_people(session, ids, addresses_of(news.customers), _order_ids(news))


def apply_news(session: Session, news: ShopNews, now: datetime, shop: str = "shop") -> str:
    """Apply everything, in the order of the news; return a code of what became of it, for people.

    News may come twice and in any order: orders by their version, events and refunds once each, those of an
    order that is not here wait for it. `lock_news` has begun the transaction.

    Raises:
        BadInput: something of it cannot be, such as an order of tomorrow. Nothing may be kept then.
        NotFound: no order can have such an id.
    """
    known = known_orders(session, _order_ids(news))
    owner = owners(session, news.customers)
    if not is_erased(known.values()):
        save_people(session, news.customers, owner, _versions(news))
    became = {
        order.purchase.order_id: apply_order(session, order, known.get(order.purchase.order_id), owner, now)
        for order in news.orders
    }
    events = (*news.updates, *_new_states(session, news, {*known, *became}))
    waits = _apply_events(session, events, news.refunds, {i for i, o in became.items() if o in NEVER}, now)
    _apply_catalogue(session, news)
    for request in news.privacy:
        receive_person_request(session, request, now, shop)
    return _outcome(news, became, waits=waits)


def _versions(news: ShopNews) -> dict[str, datetime]:
    """Return of when contact data is that came with an order, by customer id."""
    return {order.purchase.customer_id: order.changed_at for order in news.orders}


def _order_ids(news: ShopNews) -> set[str]:
    ids = {order.purchase.order_id for order in news.orders}
    return ids | {order_id for order_id, _ in (*news.updates, *news.states, *news.refunds)}


def _new_states(session: Session, news: ShopNews, reported: set[str]) -> list[tuple[str, OrderUpdate]]:
    """Leave out what an order is known to have become: the time of a later report is not that of the news.

    A state alone does not wait for an order that is not here: a report of that order will bring it too.
    """
    recorded = recorded_statuses(session, {order_id for order_id, _ in news.states})
    return [(i, update) for i, update in news.states if i in reported and (i, update.status) not in recorded]


def _apply_events(
    session: Session,
    updates: Iterable[tuple[str, OrderUpdate]],
    refunds: Iterable[tuple[str, Refund]],
    never: set[str],
    now: datetime,
) -> bool:
    """Apply updates and refunds; return whether any of them waits for its order."""
    waits = False
    for order_id, update in updates:
        if order_id not in never:
            waits |= not receive_event(session, order_id, update, now).known
    for order_id, refund in refunds:
        if order_id not in never:
            waits |= not record_refund(session, order_id, refund, now, first_holds=True).known
    return waits


def _apply_catalogue(session: Session, news: ShopNews) -> None:
    for entry in sorted(news.products, key=lambda entry: entry.product.sku):
        save_catalogue_entry(session, entry.product, entry.item, available=entry.available)
    take_off_sale(session, news.removed_skus)
    take_items_off_sale(session, news.removed_items)
    record_stock(session, [(level.item, level.location, level.available, level.at) for level in news.stock])


def _outcome(news: ShopNews, became: Mapping[str, Became | Ignored], *, waits: bool) -> str:
    if waits:
        return WAITS
    if became:
        return next(iter(became.values())).value
    return news.ignored.value if news.ignored else APPLIED
