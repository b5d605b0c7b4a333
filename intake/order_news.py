"""News of an order that came to its running campaign, recorded before a decision looks at it."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import update
from sqlmodel import Session, col, func

from campaign.errors import NotFound
from campaign.fields.identifiers import Id
from campaign.wire import OrderUpdate
from storage.inserts import insert_once
from storage.tables import OrderEventRow, RunRow

_ID = TypeAdapter(Id)


def check_order_id(order_id: str) -> None:
    """Refuse an id that no order can have: nothing waits for it.

    Raises:
        NotFound: no order can have such an id.
    """
    try:
        _ID.validate_python(order_id)
    except ValidationError:
        msg = "no order can have such an id"
        raise NotFound(msg) from None


def record_update(session: Session, order_id: str, news: OrderUpdate) -> None:
    """Record what became of an order that has a campaign; the same news again is nothing new."""
    insert_once(session, OrderEventRow, order_id=order_id, status=news.status.value, at=news.at)


def record_repurchase(session: Session, order_id: str, newer_order_id: str) -> None:
    """Record that the customer bought again; the latest such order holds."""
    statement = update(RunRow).where(col(RunRow.order_id) == order_id)
    session.connection().execute(statement.values(repurchased_by=newer_order_id))


def record_stop(session: Session, order_id: str, reason: str) -> None:
    """Record a request to end the campaign; the first reason stays."""
    kept = func.coalesce(RunRow.stop_reason, reason)
    statement = update(RunRow).where(col(RunRow.order_id) == order_id)
    session.connection().execute(statement.values(stop_reason=kept))
