"""A shop's orders: new ones start campaigns, known ones are brought to a newer version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from campaign.errors import BadInput, Problem
from campaign.times import WHOLE_DAY
from campaign.wire import Purchase
from intake.coupons.redeeming import redeem_with_orders
from intake.orders import receive_orders
from shops.guests import is_guest
from shops.news import Ignored, ShopOrder
from storage.queries.campaigns.purchases import add_purchases
from storage.queries.messages.rewriting import write_anew
from storage.queries.people.customers import ensure_customers
from storage.queries.shop.moved_orders import move_order
from storage.queries.shop.orders import KnownOrder, edit_order, mark_version
from storage.queries.shop.same_buyer import end_guest_campaigns
from storage.tables.people import ERASED

FRESH = timedelta(days=30)
"""An order that a shop first reports so long after it was placed is history, and starts no campaign.

A shop that has just been connected reports old orders whenever they are touched. A backfill starts them."""

_FIX = "connect one order system an installation: two may give the same id"

NEVER = frozenset({Ignored.TEST, Ignored.DRAFT, Ignored.WHOLESALE, Ignored.ZERO_VALUE, Ignored.NO_CUSTOMER})
"""Orders that never become a campaign: what becomes of them is nothing to us. Others may still be paid."""


class Became(StrEnum):
    """What became of an order that a shop reported, unless it was ignored."""

    STARTED = "started"
    EDITED = "edited"
    OLDER = "older"  # a newer version is here
    HISTORY = "history"  # placed long ago: kept, without a campaign


def apply_order(
    session: Session, order: ShopOrder, known: KnownOrder | None, owner: Mapping[str, str], now: datetime
) -> Became | Ignored:
    """Apply one order. The locks are held; its customer's contact data is saved.

    An order that is not to start is not saved: nobody has bought anything yet. It is once it is paid.

    Raises:
        BadPurchase: it lies in the future.
        BadInput: its id is another order's.
    """
    buyer = owner.get(order.purchase.customer_id, order.purchase.customer_id)
    if known is not None:
        return _edit(session, order, known, buyer)
    if not order.starts:
        return order.ignored or Ignored.NOT_PAID
    purchase = order.purchase.model_copy(update={"customer_id": buyer})
    started = _add(session, purchase, now)
    if started is Became.STARTED and not is_guest(purchase.customer_id):
        end_guest_campaigns(session, purchase.order_id, purchase.customer_id, purchase.placed_at)
    mark_version(session, {purchase.order_id: order.changed_at})
    return started


def _edit(session: Session, order: ShopOrder, known: KnownOrder, buyer: str) -> Became:
    """Bring a known order to a newer version.

    A guest's becomes another's with the address: the shop has corrected it, or the guest has an account now.
    What is known by another system's ids, such as an account's order, stays where it is.

    Raises:
        BadInput: it is somebody else's order of another day, of a system that counts from 1 as well.
    """
    if buyer != known.customer_id and abs(order.purchase.placed_at - known.placed_at) > WHOLE_DAY:
        raise BadInput([Problem("id", "is that of another customer's order of another day", _FIX)])
    if not edit_order(session, order.purchase, order.changed_at):
        return Became.OLDER
    write_anew(session, known.customer_id)
    redeem_with_orders(session, [order.purchase])
    if order.starts and buyer != known.customer_id and is_guest(known.customer_id):
        move_order(session, order.purchase.order_id, buyer)
    return Became.EDITED


def _add(session: Session, purchase: Purchase, now: datetime) -> Became:
    if purchase.placed_at < now - FRESH:
        ensure_customers(session, [purchase.customer_id])
        add_purchases(session, [purchase])
        redeem_with_orders(session, [purchase])
        return Became.HISTORY
    (outcome,) = receive_orders(session, [purchase], now)
    if outcome.error:
        raise outcome.error
    return Became.STARTED


def is_erased(known: Iterable[KnownOrder]) -> bool:
    """Return whether the person was erased since: a shop may still report the order with contact data."""
    return any(order.customer_id.startswith(ERASED) for order in known)
