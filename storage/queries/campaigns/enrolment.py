"""What is known of an order before its campaign starts, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Select, bindparam, literal, select
from sqlmodel import Session, col

from campaign.definition.version import Version
from campaign.wire import Purchase
from storage.inserts import insert_row
from storage.queries.campaigns.orders import add_order, refuse_other_order
from storage.queries.campaigns.runs import store_version
from storage.queries.people.customers import ensure_customers
from storage.tables import CustomerRow, DefinitionRow, OrderRow, RunRow

_ONE = select(literal(1).label("one")).subquery()
_KNOWN: Select[*tuple[Any, ...]] = (
    select(
        col(CustomerRow.id).label("customer"),
        col(DefinitionRow.digest).label("digest"),
        col(OrderRow.customer_id),
        col(OrderRow.placed_at),
        col(OrderRow.currency),
        col(OrderRow.total),
        col(OrderRow.changed_at),
        col(RunRow.workflow_run_id),
    )
    .select_from(_ONE)
    .outerjoin(CustomerRow, col(CustomerRow.id) == bindparam("customer_id"))
    .outerjoin(DefinitionRow, col(DefinitionRow.digest) == bindparam("definition"))
    .outerjoin(OrderRow, col(OrderRow.id) == bindparam("order_id"))
    .outerjoin(RunRow, col(RunRow.order_id) == bindparam("order_id"))
)


@dataclass(frozen=True)
class Opening:
    """What a new run is opened with. ``run_id`` is its workflow's first run."""

    purchase: Purchase
    version: Version
    run_id: str
    holdout: bool
    now: datetime


class Opened(Enum):
    """What came of opening a run: opened now, open already by the same workflow, or another workflow's."""

    NOW = "now"
    BEFORE = "before"
    ELSEWHERE = "elsewhere"


def open_run(session: Session, opening: Opening) -> Opened:
    """Save the order and open its run, once for ever.

    The customer's locks are held. What is there already is left as it is.

    Raises:
        BadPurchase: another order has this id: its customer, time, currency or total differ.
    """
    purchase, digest = opening.purchase, opening.version.digest
    wanted = {"customer_id": purchase.customer_id, "order_id": purchase.order_id, "definition": digest}
    known = session.connection().execute(_KNOWN, wanted).mappings().one()
    if known["placed_at"] is not None:
        refuse_other_order(known, purchase)
    if known["workflow_run_id"] is not None:
        return Opened.BEFORE if known["workflow_run_id"] == opening.run_id else Opened.ELSEWHERE
    if known["customer"] is None:
        ensure_customers(session, [purchase.customer_id])
    if known["digest"] is None:
        store_version(session, opening.version, opening.now)
    if known["placed_at"] is None:
        add_order(session, purchase)
    _insert_run(session, opening, digest, known["customer_id"] or purchase.customer_id)
    return Opened.NOW


def _insert_run(session: Session, opening: Opening, digest: str, customer_id: str) -> None:
    insert_row(
        session,
        RunRow,
        order_id=opening.purchase.order_id,
        customer_id=customer_id,
        digest=digest,
        workflow_run_id=opening.run_id,
        holdout=opening.holdout,
        opened_at=opening.now,
    )
