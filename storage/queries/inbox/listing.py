"""The inbox as an operator sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from campaign.wire import OrderUpdate
from storage.queries.inbox.receiving import WAITING
from storage.queries.inbox.states import Kind, State, Why, event_key, order_key
from storage.tables import InboxRow


def order_in_inbox(session: Session, order_id: str) -> InboxRow | None:
    """Return the row by which an order waits for its campaign, or waited; None without one."""
    return session.exec(select(InboxRow).where(col(InboxRow.key) == order_key(order_id))).first()


def why_of(row: InboxRow, now: datetime) -> Why | None:
    """Return why a row is where it is; None for one whose turn has come."""
    if row.state != State.WAITING or row.why:
        return Why(row.why) if row.why else None
    if row.customer_id is None:
        return Why.NO_ORDER
    return Why.NOT_DUE if row.due_at > now else None


def waiting_orders(session: Session, order_ids: Collection[str]) -> set[str]:
    """Return those of the orders whose campaigns have not started yet."""
    keys = {order_key(order_id): order_id for order_id in order_ids}
    rows = session.exec(select(InboxRow.key).where(WAITING, col(InboxRow.key).in_(sorted(keys))))
    return {keys[key] for key in rows}


def event_waits(session: Session, order_id: str, update: OrderUpdate) -> bool:
    """Return whether this news has not reached its campaign yet."""
    key = event_key(order_id, update)
    return session.exec(select(InboxRow.id).where(WAITING, col(InboxRow.key) == key)).first() is not None


def rows_in(session: Session, states: Collection[str], limit: int) -> Sequence[InboxRow]:
    """Return rows in these states, the oldest first."""
    statement = select(InboxRow).where(col(InboxRow.state).in_(sorted(states)))
    return session.exec(statement.order_by(col(InboxRow.id)).limit(limit)).all()


def counts(session: Session) -> dict[str, int]:
    """Return how many rows are in each state but done."""
    statement = (
        select(InboxRow.state, func.count())
        .where(col(InboxRow.state).in_([state.value for state in State if state is not State.DONE]))
        .group_by(col(InboxRow.state))
    )
    return dict(session.exec(statement).all())


@dataclass(frozen=True)
class Backlog:
    """What is due: how many rows, and since when the oldest is."""

    waiting: int = 0
    oldest: datetime | None = None


def backlog(session: Session, now: datetime) -> Backlog:
    """Return what waits though its time has come; news without an order is not counted. By index."""
    statement = select(func.count(), func.min(InboxRow.due_at)).where(
        WAITING, col(InboxRow.due_at) <= now, col(InboxRow.customer_id).is_not(None)
    )
    return Backlog(*session.exec(statement).one())


def retry_rows(session: Session, ids: Collection[int] | None, now: datetime) -> int:
    """Let rows be tried now: those of the ids, or all that wait, are refused or unmatched. Returns how many.

    A shop's request that could not be understood is not one of these: see `intake.shop`.
    """
    statement = update(InboxRow).where(
        col(InboxRow.state).in_([State.WAITING.value, State.REFUSED.value, State.UNMATCHED.value]),
        col(InboxRow.kind) != Kind.SHOP_EVENT.value,
    )
    if ids is not None:
        statement = statement.where(col(InboxRow.id).in_(sorted(ids)))
    values = {"state": State.WAITING.value, "due_at": now, "why": None, "settled_at": None}
    return session.connection().execute(statement.values(**values, attempts=0, leased_until=None)).rowcount


def states_of(session: Session, ids: Collection[int]) -> dict[int, State]:
    """Return the state of each of these rows that is here."""
    rows = session.exec(select(InboxRow.id, InboxRow.state).where(col(InboxRow.id).in_(sorted(ids))))
    return {identifier or 0: State(state) for identifier, state in rows}


def discard_rows(session: Session, ids: Collection[int], now: datetime) -> int:
    """Give up rows for good, whatever they wait for; what they said is recorded all the same. How many."""
    statement = update(InboxRow).where(
        col(InboxRow.id).in_(sorted(ids)),
        col(InboxRow.state).not_in([State.DONE.value, State.DISCARDED.value]),
    )
    # A shop's request has personal data in its body, and nobody needs it any more.
    values = {"state": State.DISCARDED.value, "why": Why.BY_HAND.value, "settled_at": now, "body": None}
    return session.connection().execute(statement.values(**values, leased_until=None)).rowcount
