"""The command about recommendations: what a customer would be shown now, or what goes with a product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from sqlmodel import Session

from campaign.catalogue.owned import Bought, Standing, history_of, standings_of
from campaign.catalogue.shelf import LISTS, Kind, Shelf
from campaign.errors import NotFound
from starter import clock
from starter.commands.console import as_json, command, counted, database, out, table, when
from storage.queries.recommendations.bought import bought_by
from storage.queries.recommendations.looking import KnownProduct, is_customer, known_product, newest_order
from storage.queries.shop.catalogue import shelf_for

app = typer.Typer()
_WHY = {
    Kind.RUNS_OUT: "runs out",
    Kind.CATEGORY: "sells best in {category}",
    Kind.BEST_SELLER: "sells best",
    Kind.NEW: "new",
    Kind.CATALOGUE: "in the catalogue",
}


@dataclass(frozen=True)
class Shown:
    """One product on one list, with the reason and its score."""

    list: str
    sku: str
    name: str
    kind: str
    why: str
    score: float


@dataclass(frozen=True)
class Purchased:
    """How a product stands that the customer has bought, last at ``placed_at``."""

    sku: str
    standing: str
    placed_at: datetime
    lasts_days: int | None


@app.command()
@command
def recommend(
    name: Annotated[str, typer.Argument(metavar="CUSTOMER|SKU")],
    as_text: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Show what goes to a customer, or with a product, and why.

    Every list is shown by itself: a message shows those that its template names, and each product once.
    """
    with database() as opened, opened.reading() as session:
        if is_customer(session, name):
            _customer(session, name, clock.now(), as_text=as_text)
        elif product := known_product(session, name):
            _product(product, as_text=as_text)
        else:
            msg = f"no customer and no product {name}"
            raise NotFound(msg)


def _customer(session: Session, customer_id: str, now: datetime, *, as_text: bool) -> None:
    order = newest_order(session, customer_id)
    about = [order] if order else []
    bought = bought_by(session, customer_id, about)
    history = history_of(bought, about, now)
    shown = [
        one
        for name in sorted(LISTS)
        for one in _shown(name, shelf_for(session, history.own, now, history=history, shows={name}))
    ]
    owned = list(_purchased(bought, now))
    if as_text:
        typer.echo(
            as_json({"order_id": order, "lists": [*map(asdict, shown)], "bought": [*map(asdict, owned)]})
        )
        return
    _print_customer(customer_id, order, shown, owned)


def _shown(name: str, shelf: Shelf) -> Iterator[Shown]:
    for entry in getattr(shelf, name):
        why = f"with {entry.goes_with or 'what is owned'}"
        if entry.kind is not Kind.TOGETHER:
            why = _WHY[entry.kind].format(category=entry.product.category)
        yield Shown(name, entry.product.sku, entry.product.name, entry.kind.value, why, entry.score)


def _purchased(bought: Sequence[Bought], now: datetime) -> Iterator[Purchased]:
    standings = sorted(standings_of(bought, now).values(), key=lambda one: one[0].placed_at, reverse=True)
    for last, standing in standings:
        yield Purchased(last.line.sku, standing.value, last.placed_at, last.lasts_days)


def _print_customer(
    customer_id: str, order: str | None, shown: Sequence[Shown], owned: Sequence[Purchased]
) -> None:
    about = f"about order {order}" if order else "without an order"
    made = table(f"A message to {customer_id} {about}", "list", "SKU", "name", "why", "score")
    for one in shown:
        made.add_row(one.list, *map(escape, (one.sku, one.name, one.why)), f"{one.score:.1f}")
    out.print(made if shown else f"nothing to recommend to {customer_id}")
    if owned:
        made = table("Bought", "SKU", "standing", "last bought (UTC)", "lasts, days")
        for mine in owned:
            word = Standing(mine.standing).value.replace("_", " ")
            made.add_row(escape(mine.sku), word, when(mine.placed_at), str(mine.lasts_days or "-"))
        out.print(made)


def _product(product: KnownProduct, *, as_text: bool) -> None:
    if as_text:
        typer.echo(as_json(asdict(product)))
        return
    out.print(f"{product.sku}: {product.name or 'not in the catalogue'}", markup=False, highlight=False)
    if days := product.lasts_days or product.estimated_days:
        source = "as the catalogue says" if product.lasts_days else "by those who bought it again"
        out.print(f"one lasts {counted(days, 'day')}, {source}", highlight=False)
    if not product.goes_with:
        out.print("nothing is bought together with it more than by chance")
        return
    made = table("Bought together", "SKU", "name", "orders", "score", "available")
    for other in product.goes_with:
        made.add_row(
            escape(other.sku), escape(other.name or "-"), str(other.orders), f"{other.score:.1f}",
            "yes" if other.available else "no",
        )  # fmt: skip
    out.print(made)
