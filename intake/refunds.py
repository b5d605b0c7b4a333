"""Refunds of a part of an order: counted once each, and those that add up to the total refund the order.

What a refund does is in docs/orders.md. Like all news it may come twice, in any order, and before its order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from babel.numbers import get_currency_precision
from sqlmodel import Session

from campaign.errors import BadInput, Problem
from campaign.problems import time_problems
from campaign.times import order_time_problems
from campaign.wire import OrderStatus, OrderUpdate, Refund, ReturnedLine
from intake.order_news import check_order_id
from storage.inserts import insert_once
from storage.queries.campaigns.refunds import (
    RefundedOrder,
    add_refund,
    count_returned,
    known_refund,
    refunded_order,
    returnable_lines,
)
from storage.queries.inbox.early_refunds import keep_refund, refuse_refund
from storage.queries.inbox.receiving import EarlyRefund, add_rows, delete_rows, event_row
from storage.queries.messages.rewriting import write_anew
from storage.queries.people.locks import lock_order
from storage.tables import OrderEventRow


@dataclass(frozen=True)
class RefundOutcome:
    """What became of a refund. ``known``: its order is here; else the refund waits for it.

    ``added``: it was not here before. ``full``: the order is refunded to the last cent now, and its campaign
    ends. ``not_in_order``: products that came back and are in no line of the order.
    """

    order_id: str
    known: bool = True
    added: bool = False
    full: bool = False
    not_in_order: tuple[str, ...] = field(default=())


def record_refund(
    session: Session, order_id: str, refund: Refund, now: datetime, *, first_holds: bool = False
) -> RefundOutcome:
    """Record a refund, once by its id; for an unknown order it waits.

    It begins the transaction, or the order's customer is locked already. ``first_holds``: another amount
    under a known id changes nothing, since a shop lists its refunds with each version of an order, and no
    edit may be lost.

    Raises:
        BadInput: it lies in the future or before its order, is in another currency, or comes to more than was
            paid; or another refund has its id. Nothing was written.
        NotFound: no order can have such an id.
    """
    if problems := time_problems("at", refund.at, now):
        raise BadInput(problems)
    lock_order(session, order_id)
    order = refunded_order(session, order_id)
    if order is None:
        check_order_id(order_id)
        keep_refund(session, order_id, refund, now)
        return RefundOutcome(order_id, known=False, added=True)
    return _apply(session, order, refund, now, first_holds=first_holds)


def apply_early_refunds(session: Session, refunds: Sequence[EarlyRefund], now: datetime) -> None:
    """Record refunds that came before their orders; what does not fit its order is refused, and listed.

    The customers' locks are held.
    """
    if not refunds:
        return
    delete_rows(session, [early.id for early in refunds])
    for early in refunds:
        order = refunded_order(session, early.order_id)
        try:
            if order is not None:
                _apply(session, order, early.refund, now)
        except BadInput:
            refuse_refund(session, early.order_id, early.refund, now)


def _apply(
    session: Session, order: RefundedOrder, refund: Refund, now: datetime, *, first_holds: bool = False
) -> RefundOutcome:
    before = known_refund(session, order.order_id, refund.refund_id)
    if before is not None:
        return _repeated(session, order, refund, refund.amount if first_holds else before)
    if problems := _problems(order, refund):
        raise BadInput(problems)
    refunded = min(order.refunded + refund.amount, order.total)
    add_refund(session, order.order_id, refund, refunded)
    missing = _count_returned(session, order.order_id, refund.lines)
    write_anew(session, order.customer_id)
    full = _is_full(order, refunded) and refund.amount > 0
    if full:
        _report_full(session, order, refund.at, now)
    return RefundOutcome(order.order_id, added=True, full=full, not_in_order=missing)


def _repeated(session: Session, order: RefundedOrder, refund: Refund, amount: Decimal) -> RefundOutcome:
    if amount == refund.amount:
        known = {line.sku for line in returnable_lines(session, order.order_id)}
        missing = tuple(sorted({line.sku for line in refund.lines} - known))
        return RefundOutcome(order.order_id, full=_is_full(order, order.refunded), not_in_order=missing)
    fix = "a refund_id is used once: send the same amount again, or use a new refund_id"
    raise BadInput([Problem("amount", "differs from the refund that has this refund_id", fix)])


def _problems(order: RefundedOrder, refund: Refund) -> list[Problem]:
    problems = order_time_problems("at", refund.at, order.placed_at)
    if refund.currency not in (None, order.currency):
        fix = "a refund is in its order's currency: convert it"
        problems.append(Problem("currency", f"is not {order.currency}, as the order's is", fix))
        return problems
    digits = get_currency_precision(order.currency)
    if refund.amount != round(refund.amount, digits):
        what = f"has more than the {digits} decimals of {order.currency}"
        problems.append(Problem("amount", what, "write it in whole units of the currency"))
    left = order.total - order.refunded
    if refund.amount > left + _unit(order.currency):
        what = f"is more than the {max(left, Decimal(0)):f} {order.currency} that are left of the order"
        problems.append(Problem("amount", what, "send what was given back, once for each refund_id"))
    return problems


def _unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency: shops round, and refunds may add up to one more or less."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def _is_full(order: RefundedOrder, refunded: Decimal) -> bool:
    return order.total - refunded <= _unit(order.currency)


def _count_returned(session: Session, order_id: str, lines: Sequence[ReturnedLine]) -> tuple[str, ...]:
    """Count what came back, over the lines of its product and never more than was bought."""
    back: dict[str, int] = {}
    for line in lines:
        back[line.sku] = back.get(line.sku, 0) + line.quantity
    found = returnable_lines(session, order_id) if back else []
    counts: Mapping[int, int] = {
        line.position: line.returned + taken for line in found if (taken := _take(back, line.sku, line.kept))
    }
    count_returned(session, order_id, counts)
    return tuple(sorted(back.keys() - {line.sku for line in found}))


def _take(back: dict[str, int], sku: str, room: int) -> int:
    taken = min(back.get(sku, 0), room)
    if taken:
        back[sku] -= taken
    return taken


def _report_full(session: Session, order: RefundedOrder, at: datetime, now: datetime) -> None:
    """Refunded to the last cent, the order is refunded: recorded, and queued for its campaign."""
    update = OrderUpdate(status=OrderStatus.REFUNDED, at=at)
    insert_once(session, OrderEventRow, order_id=order.order_id, status=update.status.value, at=at)
    add_rows(session, [event_row(order.order_id, order.customer_id, update, now)])
