"""Whatever a shop sells and whoever buys: nothing owned, returned or sold out is shown, and never nothing.

What may not be shown is worked out here from the orders anew, not by the rules under test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, delete

from campaign.catalogue.owned import history_of
from campaign.catalogue.shelf import LISTS, SHOWN, Kind, Shelf
from campaign.wire import Product
from storage.database import Database
from storage.queries.people.customers import ensure_customers
from storage.queries.recommendations.bought import bought_by
from storage.queries.shop.catalogue import save_product, shelf_for
from storage.queries.shop.statistics import refresh_statistics
from storage.queries.shop.stock import save_catalogue_entry
from storage.tables import OrderEventRow, OrderLineRow, OrderRow, ProductRow
from tests.facts import PLACED

SKUS, MINE = "abcdefghij", "c-0"
_LASTS = 30
_OFFERED_AFTER = 48  # two of it, less a fifth of their time


@dataclass(frozen=True)
class Sold:
    """A product of the shop; ``family``: two of one are variants."""

    sku: str
    family: str
    available: bool
    free: bool
    recommend: bool
    lasts: bool
    category: str | None
    added: int | None

    @property
    def may_be_shown(self) -> bool:
        """Whether the shop itself has nothing against it."""
        return self.available and self.recommend and not self.free


@dataclass(frozen=True)
class Order:
    """An order, so many days before now. ``returned``: of each line one of two came back."""

    customer: str
    days: int
    skus: str
    status: str | None
    returned: bool


@st.composite
def shops(draw: st.DrawFn) -> tuple[list[Sold], list[Order]]:
    """A small catalogue, often with variants, and who has bought what within a year."""
    skus = draw(st.lists(st.sampled_from(SKUS), min_size=1, max_size=len(SKUS), unique=True))
    often = st.sampled_from([True, True, True, False])
    products = [
        Sold(
            sku, draw(st.sampled_from([sku, "v"])), draw(often), not draw(often), draw(often),
            draw(st.booleans()), draw(st.sampled_from([None, "x", "y"])),
            draw(st.sampled_from([None, 5, 100])),
        )
        for sku in skus
    ]  # fmt: skip
    orders = st.builds(
        Order,
        customer=st.sampled_from([MINE, "c-1", "c-2"]),
        days=st.integers(1, 365),
        skus=st.text("".join(skus), min_size=1, max_size=3),
        status=st.sampled_from([None, None, None, "cancelled", "refunded"]),
        returned=st.sampled_from([False, False, True]),
    )
    return products, draw(st.lists(orders, max_size=12, unique_by=lambda order: order.days))


def fill(session: Session, products: Sequence[Sold], orders: Sequence[Order]) -> None:
    """Make the database that shop's and nobody else's; what is bought together is so four times."""
    for table in (OrderLineRow, OrderEventRow, OrderRow, ProductRow):
        session.exec(delete(table))
    for sold in products:
        added = None if sold.added is None else PLACED - timedelta(days=sold.added)
        about = {"sku": sold.sku, "name": f"Product {sold.sku}", "url": f"https://x.example.com/{sold.sku}"}
        price = Decimal(0) if sold.free else Decimal(5)
        more = {
            "category": sold.category,
            "added_at": added,
            "recommend": sold.recommend,
            "parent": sold.family,
        }
        lasts = _LASTS if sold.lasts else None
        entry = Product.model_validate(
            {**about, **more, "price": price, "currency": "USD", "lasts_days": lasts}
        )
        save_product(session, entry)
        save_catalogue_entry(session, entry, None, available=sold.available)
    ensure_customers(session, [MINE, "c-1", "c-2", "others"])
    others = [replace(order, customer="others", status=None, returned=False) for order in orders] * 4
    for number, order in enumerate([*orders, *others]):
        name, at = f"o-{number}", PLACED - timedelta(days=order.days)
        session.add(
            OrderRow(id=name, customer_id=order.customer, placed_at=at, currency="USD", total=Decimal(9))
        )
        session.flush()
        for position, sku in enumerate(order.skus):
            session.add(
                OrderLineRow(
                    order_id=name, position=position, sku=sku, quantity=2, unit_price=Decimal(1),
                    returned=int(order.returned),
                )
            )  # fmt: skip
        if order.status:
            session.add(OrderEventRow(order_id=name, status=order.status, at=at))
    session.flush()


def forbidden(products: Sequence[Sold], orders: Sequence[Order]) -> set[str]:
    """The SKUs that the customer may not be shown: by the last order of each product, worked out by hand."""
    family = {sold.sku: sold for sold in products}
    last: dict[str, tuple[Order, Sold]] = {}
    for order in sorted(orders, key=lambda order: -order.days):
        if order.customer == MINE and order.status != "cancelled":
            last |= {family[sku].family: (order, family[sku]) for sku in sorted(order.skus)}
    owned = set()
    for name, (order, sold) in last.items():
        came_back = order.returned or order.status == "refunded"
        if came_back or not sold.lasts or order.days < _OFFERED_AFTER:
            owned.add(name)
    return {sold.sku for sold in products if sold.family in owned or not sold.may_be_shown}


def shelf_of(session: Session, shows: set[str] | frozenset[str], orders: Sequence[str]) -> Shelf:
    """What a message about some orders shows."""
    bought = bought_by(session, MINE, orders)
    history = history_of(bought, orders, PLACED)
    return shelf_for(session, history.own, PLACED, history=history, shows=shows)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shops(), st.sets(st.sampled_from(sorted(LISTS)), min_size=1))
def test_nothing_owned_returned_or_sold_out_is_shown_and_never_nothing(
    database: Database, shop: tuple[list[Sold], list[Order]], shows: set[str]
) -> None:
    """Every list, every time the same; `recommended` is empty only if nothing may be shown at all."""
    products, orders = shop
    with database.transaction() as session:
        fill(session, products, orders)
    refresh_statistics(database, PLACED)
    mine = [f"o-{number}" for number, order in enumerate(orders) if order.customer == MINE][:1]
    with database.reading() as session:
        shelf, again = (shelf_of(session, shows, mine) for _ in range(2))
        alone, whole = (shelf_of(session, names, mine) for names in ({"recommended"}, LISTS))
    assert shelf == again
    shown, of_all = (
        [entry for name in sorted(LISTS) for entry in getattr(one, name)] for one in (shelf, whole)
    )
    not_allowed = forbidden(products, orders)
    assert not not_allowed & {entry.product.sku for entry in [*shown, *alone.recommended, *of_all]}
    assert all(len({entry.family for entry in some}) == len(some) for some in (shown, of_all))
    assert all(len(getattr(shelf, name)) <= SHOWN for name in LISTS)
    has_bought = {sku for order in orders if order.customer == MINE for sku in order.skus}
    touched = {sold.family for sold in products if sold.sku in has_bought}
    eligible = {sold.sku for sold in products if sold.may_be_shown and sold.family not in touched}
    assert bool(alone.recommended) >= bool(eligible)
    assert len({entry.kind for entry in alone.recommended}) <= 1
    assert Kind.RUNS_OUT not in {entry.kind for entry in alone.recommended}
