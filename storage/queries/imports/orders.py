"""Past orders by the batch: saved with what became of them and was given back, and nothing is queued."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from campaign.wire import Line, OrderUpdate, Purchase, Refund
from storage.queries.imports.bulk import insert_bulk
from storage.tables import OrderEventRow, OrderLineRow, OrderRow, RefundRow


@dataclass(frozen=True)
class HistoricOrder:
    """An order as it stands now. ``changed_at``: the shop's time of this version, where one is kept."""

    purchase: Purchase
    changed_at: datetime | None = None
    refunds: tuple[Refund, ...] = ()

    @property
    def refunded(self) -> Decimal:
        """What was given back, as far as it was paid."""
        return min(sum((refund.amount for refund in self.refunds), Decimal(0)), self.purchase.total)


def add_historic_orders(session: Session, orders: Sequence[HistoricOrder]) -> set[str]:
    """Add orders with lines and refunds, three statements for all; return the ids that were not there.

    Their customers are there. Rows go in in the order of their ids, as `add_purchases` does it.
    """
    ordered = sorted(orders, key=lambda order: order.purchase.order_id)
    added = set(insert_bulk(session, OrderRow, [_order(order) for order in ordered], "id"))
    new = [order for order in ordered if order.purchase.order_id in added]
    insert_bulk(session, OrderLineRow, [row for order in new for row in _lines(order)], "order_id")
    refunds = [row for order in new for row in _refunds(order)]
    insert_bulk(session, RefundRow, refunds, "order_id")
    return added


def record_events(session: Session, updates: Iterable[tuple[str, OrderUpdate]]) -> set[str]:
    """Record what became of orders that are here; return the ids of those for which that was new."""
    rows = [
        {"order_id": order_id, "status": update.status.value, "at": update.at} for order_id, update in updates
    ]
    return set(insert_bulk(session, OrderEventRow, rows, "order_id"))


def _order(order: HistoricOrder) -> dict[str, Any]:
    purchase = order.purchase
    return {
        "id": purchase.order_id, "customer_id": purchase.customer_id, "placed_at": purchase.placed_at,
        "currency": purchase.currency, "total": purchase.total, "renewal": purchase.renewal,
        "refunded": order.refunded, "changed_at": order.changed_at,
    }  # fmt: skip


def _lines(order: HistoricOrder) -> Iterator[dict[str, Any]]:
    back: dict[str, int] = {}
    for refund in order.refunds:
        for returned in refund.lines:
            back[returned.sku] = back.get(returned.sku, 0) + returned.quantity
    for position, line in enumerate(order.purchase.lines):
        yield {
            "order_id": order.purchase.order_id, "position": position, "sku": line.sku,
            "quantity": line.quantity, "unit_price": line.unit_price, "returned": _take(back, line),
        }  # fmt: skip


def _take(back: dict[str, int], line: Line) -> int:
    taken = min(back.get(line.sku, 0), line.quantity)
    if taken:
        back[line.sku] -= taken
    return taken


def _refunds(order: HistoricOrder) -> Iterator[dict[str, Any]]:
    for refund in order.refunds:
        yield {
            "order_id": order.purchase.order_id, "refund_id": refund.refund_id, "at": refund.at,
            "amount": refund.amount,
        }  # fmt: skip
