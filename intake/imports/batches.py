"""One batch of a file in one transaction: people, orders with what became of them, the catalogue.

Nothing here starts a campaign, sends anything, or puts anything into the inbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from campaign.errors import OrderConflict
from campaign.wire import OrderStatus, OrderUpdate, Purchase
from intake.imports.formats import Group
from intake.imports.people import People
from intake.orders import conflict
from intake.shop.people import addresses_of, owners
from shops.news import ShopCustomer, ShopNews, ShopOrder
from storage.queries.campaigns.purchases import StoredOrder, stored_orders
from storage.queries.imports.orders import HistoricOrder, add_historic_orders, record_events
from storage.queries.people.customers import ensure_customers
from storage.queries.people.locks import lock_people
from storage.queries.shop.orders import edit_order, known_orders, recorded_statuses
from storage.queries.shop.stock import save_catalogue_entry
from storage.tables.people import ERASED


class Became(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of a group, with the reason where it was refused."""

    became: Became
    reason: str = ""


@dataclass(frozen=True)
class How:
    """``own``: the file is of our columns; ``overwrite``: it replaces what is known of people."""

    own: bool
    overwrite: bool = False


_UNCHANGED = Outcome(Became.UNCHANGED)


def apply_batch(session: Session, groups: Sequence[Group], how: How) -> list[Outcome]:
    """Apply a batch; return what became of each group. It begins the transaction.

    A group that is refused changes nothing, and stops no other.
    """
    usable = [group.news for group in groups if group.problem is None]
    batch = _Batch(session, usable, how)
    outcomes = [
        Outcome(Became.REFUSED, group.problem) if group.problem else batch.take(place, group.news)
        for place, group in enumerate(groups)
    ]
    with_news = batch.save()
    return [
        Outcome(Became.ACCEPTED) if outcome is _UNCHANGED and place in with_news else outcome
        for place, outcome in enumerate(outcomes)
    ]


class _Batch:
    """What was known of a batch's people and orders, and what is to be saved of it."""

    def __init__(self, session: Session, news: Sequence[ShopNews], how: How) -> None:
        self.session, self.how = session, how
        people = [one for item in news for one in item.customers]
        orders = [order for item in news for order in item.orders]
        order_ids = {order.purchase.order_id for order in orders}
        buyers = {order.purchase.customer_id for order in orders}
        ids = {one.customer.customer_id for one in people} | buyers
        if ids or order_ids:
            lock_people(session, ids, addresses_of(people), order_ids)
        self.known: dict[str, StoredOrder] = stored_orders(session, order_ids)
        self.versions = known_orders(session, self.known) if self.known and not how.own else {}
        self.owner = self._owners(people, orders)
        self.people = People(session, [self._under(one) for one in people], overwrite=how.overwrite)
        self.new: dict[str, HistoricOrder] = {}
        self.edited: list[ShopOrder] = []
        self.updates: list[tuple[int, str, OrderUpdate]] = []
        self.states: list[tuple[int, str, OrderUpdate]] = []
        self.products: list[ShopNews] = []

    def _owners(self, people: Sequence[ShopCustomer], orders: Sequence[ShopOrder]) -> dict[str, str]:
        """Return whose the guests are: who has the address already, or the order."""
        owner = owners(self.session, people)
        for order in orders:
            kept = self.known.get(order.purchase.order_id)
            if kept and not self.how.own and not kept.purchase.customer_id.startswith(ERASED):
                owner[order.purchase.customer_id] = kept.purchase.customer_id
        return owner

    def _under(self, one: ShopCustomer) -> ShopCustomer:
        identifier = self.owner.get(one.customer.customer_id, one.customer.customer_id)
        if identifier == one.customer.customer_id:
            return one
        return ShopCustomer(one.customer.model_copy(update={"customer_id": identifier}), one.unreachable)

    def take(self, place: int, news: ShopNews) -> Outcome:
        """Decide about one group, and collect what is to be saved of it."""
        if news.ignored is not None:
            return Outcome(Became.REFUSED, news.ignored.value.replace("_", " "))
        changed = False
        for order in news.orders:
            decided = self._take_order(order, news)
            if isinstance(decided, Outcome):
                return decided
            changed |= decided
        for one in news.customers:
            changed |= self.people.add(self._under(one))
        self.updates += [(place, order_id, update) for order_id, update in news.updates]
        self.states += [(place, order_id, update) for order_id, update in news.states]
        if news.products:
            self.products.append(news)
            changed = True
        return Outcome(Became.ACCEPTED) if changed else _UNCHANGED

    def _take_order(self, order: ShopOrder, news: ShopNews) -> Outcome | bool:
        """Return whether an order is new or newer here, or why nothing of its group is used."""
        if not order.starts:
            why = order.ignored.value.replace("_", " ") if order.ignored else "not paid"
            return Outcome(Became.REFUSED, why)
        purchase, order_id = self._bought(order.purchase), order.purchase.order_id
        known = self.known.get(order_id)
        kept = known.purchase if known else self.new[order_id].purchase if order_id in self.new else None
        if kept is None:
            refunds = tuple(refund for of, refund in news.refunds if of == order_id)
            self.new[order_id] = HistoricOrder(purchase, None if self.how.own else order.changed_at, refunds)
            return True
        if kept.customer_id.startswith(ERASED):
            return _UNCHANGED
        if self.how.own or known is None:
            return _refused(conflict(kept, purchase))
        return self._newer(order, kept, purchase)

    def _bought(self, purchase: Purchase) -> Purchase:
        buyer = self.owner.get(purchase.customer_id, purchase.customer_id)
        return (
            purchase if buyer == purchase.customer_id else purchase.model_copy(update={"customer_id": buyer})
        )

    def _newer(self, order: ShopOrder, kept: Purchase, purchase: Purchase) -> Outcome | bool:
        """A shop's order that is here already: a webhook's version that is as new stays."""
        version = self.versions[purchase.order_id].changed_at
        if version is not None and version >= order.changed_at:
            return False
        found = conflict(kept, purchase.model_copy(update={"customer_id": kept.customer_id}))
        if version is None or found is None:
            return _refused(found)
        self.edited.append(order)
        return True

    def save(self) -> set[int]:
        """Save all that was taken; return the places of the groups with news of orders that were here."""
        self.people.save()
        if self.new:
            buyers = {order.purchase.customer_id for order in self.new.values()}
            ensure_customers(self.session, sorted(buyers))
            add_historic_orders(self.session, list(self.new.values()))
        for order in self.edited:
            edit_order(self.session, order.purchase, order.changed_at)
        for news in sorted(self.products, key=lambda news: news.products[0].product.sku):
            for entry in news.products:
                save_catalogue_entry(self.session, entry.product, entry.item, available=entry.available)
        return self._save_events()

    def _save_events(self) -> set[int]:
        """Record what became of orders that are here now; return the places of the groups with news."""
        here = {*self.known, *self.new}
        stated = (
            recorded_statuses(self.session, {of for _, of, _ in self.states} & here) if self.states else set()
        )
        rows = [row for row in self.updates if row[1] in here]
        rows += [row for row in self.states if row[1] in here and (row[1], row[2].status) not in stated]
        rows += self._full_refunds()
        new = record_events(self.session, [(of, update) for _, of, update in rows])
        return {place for place, of, _ in rows if of in new}

    def _full_refunds(self) -> list[tuple[int, str, OrderUpdate]]:
        """What was given back to the last cent is refunded, whatever the shop calls it."""
        return [
            (-1, of, OrderUpdate(status=OrderStatus.REFUNDED, at=max(refund.at for refund in order.refunds)))
            for of, order in self.new.items()
            if order.refunds and order.purchase.total > 0 and order.refunded >= order.purchase.total
        ]


def _refused(error: OrderConflict | None) -> Outcome | bool:
    if error is None:
        return False
    return Outcome(Became.REFUSED, "; ".join(map(str, error.problems)))
