"""Rows of the inbox as they are forwarded: claimed by a lease, one of each customer at a time; settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, literal, not_, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from campaign.wire import OrderUpdate, Purchase
from storage.queries.campaigns.purchases import stored_orders
from storage.queries.imports.candidates import superseded_orders
from storage.queries.inbox.receiving import WAITING
from storage.queries.inbox.states import Kind, State, Why
from storage.tables import InboxRow

_OLDER = aliased(InboxRow)
_DUE = (WAITING, col(InboxRow.customer_id).is_not(None), col(InboxRow.due_at) <= bindparam("now"))
_ANY_DUE = select(literal(1)).where(*_DUE).limit(1)
# What is spread over days (due later, never tried) does not hold up what its customer orders meanwhile.
_BEHIND = (
    select(literal(1))
    .where(
        col(_OLDER.customer_id) == col(InboxRow.customer_id),
        col(_OLDER.state) == WAITING.right,
        col(_OLDER.id) < col(InboxRow.id),
        or_(col(_OLDER.due_at) <= bindparam("now"), col(_OLDER.attempts) > 0),
    )
    .exists()
)
_FREE = or_(col(InboxRow.leased_until).is_(None), col(InboxRow.leased_until) < bindparam("now"))
_CLAIMED = ("id", "kind", "order_id", "body", "attempts", "received_at", "due_at")


def _claim(*more: Any) -> Any:
    wanted: Select[Any] = (
        select(col(InboxRow.id))
        .where(*_DUE, _FREE, not_(_BEHIND), *more)
        .order_by(col(InboxRow.due_at), col(InboxRow.id))
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=InboxRow)
    )
    return (
        update(InboxRow)
        .where(col(InboxRow.id).in_(wanted.scalar_subquery()))
        .values(leased_until=bindparam("until"))
        .returning(*(col(getattr(InboxRow, name)) for name in _CLAIMED))
    )


_CLAIM = _claim()
_CLAIM_OF_ORDERS = _claim(col(InboxRow.order_id).in_(bindparam("orders", expanding=True)))
_ROWS = (WAITING, col(InboxRow.id).in_(bindparam("ids", expanding=True)))
_SETTLE = (
    update(InboxRow)
    .where(*_ROWS)
    .values(state=bindparam("to"), why=bindparam("reason"), settled_at=bindparam("at"), leased_until=None)
)
_RELEASE = update(InboxRow).where(*_ROWS).values(why=bindparam("reason"), leased_until=None)
_POSTPONE = (
    update(InboxRow)
    .where(*_ROWS)
    .values(
        why=bindparam("reason"), due_at=bindparam("next"), leased_until=None, attempts=InboxRow.attempts + 1
    )
)


@dataclass(frozen=True)
class Job:
    """One claimed row: the order whose campaign is to start, or the news that it is to be signalled.

    ``started``: the order has a campaign already, however it was started. ``superseded``: its start was
    spread over days, and the customer has bought again before its turn.
    """

    id: int
    order_id: str
    purchase: Purchase | None = None
    update: OrderUpdate | None = None
    attempts: int = 0
    started: bool = False
    superseded: bool = False

    @property
    def kind(self) -> Kind:
        """What the row is."""
        return Kind.EVENT if self.update else Kind.ORDER


def any_due(session: Session, now: datetime) -> bool:
    """Return whether anything waits whose time has come: one statement by index."""
    return session.connection().execute(_ANY_DUE, {"now": now}).first() is not None


def claim_jobs(
    session: Session, now: datetime, until: datetime, most: int, order_ids: Collection[str] | None = None
) -> list[Job]:
    """Claim rows that nobody else tries until then: the oldest of each customer, oldest first.

    Three statements: the claim, the orders, their lines; one more for starts that were spread over days.
    ``order_ids``: of these alone.
    """
    values: dict[str, Any] = {"now": now, "until": until, "most": most}
    statement = _CLAIM
    if order_ids is not None:
        statement, values = _CLAIM_OF_ORDERS, values | {"orders": sorted(order_ids)}
    rows = session.connection().execute(statement, values).mappings().all()
    stored = stored_orders(session, {row["order_id"] for row in rows if row["kind"] == Kind.ORDER})
    spread = [row["order_id"] for row in rows if row["attempts"] == 0 and row["due_at"] > row["received_at"]]
    newer = superseded_orders(session, spread)
    jobs = []
    for row in rows:
        order = stored.get(row["order_id"])
        jobs.append(
            Job(
                id=row["id"],
                order_id=row["order_id"],
                purchase=order.purchase if order else None,
                update=OrderUpdate.model_validate_json(row["body"]) if row["kind"] == Kind.EVENT else None,
                attempts=row["attempts"],
                started=order is not None and order.has_run,
                superseded=row["order_id"] in newer,
            )
        )
    return jobs


def settle(session: Session, ids: Sequence[int], state: State, why: Why | None, now: datetime) -> None:
    """End the waiting of rows, one statement for all."""
    values = {"ids": list(ids), "to": state.value, "reason": why.value if why else None, "at": now}
    session.connection().execute(_SETTLE, values)


def release(session: Session, ids: Sequence[int], why: Why | None) -> None:
    """Let whoever comes next try these rows, one statement for all."""
    reason = why.value if why else None
    session.connection().execute(_RELEASE, {"ids": list(ids), "reason": reason})


def postpone(session: Session, jobs: Iterable[tuple[int, datetime]], why: Why) -> None:
    """Count an attempt of each row, and set when it is tried again."""
    for identifier, due_at in jobs:
        values = {"ids": [identifier], "reason": why.value, "next": due_at}
        session.connection().execute(_POSTPONE, values)
