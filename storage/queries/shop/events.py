"""What a shop's system has reported lately, by topic."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlmodel import Session, col

from storage.queries.inbox.states import Kind, State
from storage.tables import InboxRow, ShopEventRow

_OUTCOME = (
    update(ShopEventRow)
    .where(col(ShopEventRow.shop) == bindparam("of_shop"), col(ShopEventRow.event_id) == bindparam("event"))
    .values(outcome=bindparam("became"))
)


@dataclass(frozen=True)
class TopicSeen:
    """When a topic was last received, and what became of that event."""

    topic: str
    last_at: datetime
    outcome: str


def set_outcome(session: Session, shop: str, event_id: str, outcome: str) -> None:
    """Keep what became of an event."""
    values = {"of_shop": shop, "event": event_id, "became": outcome}
    session.connection().execute(_OUTCOME, values)


def last_of_topics(session: Session, shop: str, topics: Sequence[str]) -> dict[str, TopicSeen]:
    """Return the last event of each of the topics: one look at the index for each."""
    found = {}
    for topic in topics:
        row = (
            session.connection()
            .execute(
                select(col(ShopEventRow.received_at), col(ShopEventRow.outcome))
                .where(col(ShopEventRow.shop) == shop, col(ShopEventRow.topic) == topic)
                .order_by(col(ShopEventRow.received_at).desc())
                .limit(1)
            )
            .first()
        )
        if row:
            found[topic] = TopicSeen(topic, row.received_at, row.outcome)
    return found


def event_seen(session: Session, shop: str, digest: str) -> bool:
    """Return whether an event was received, by what it says."""
    found = select(col(ShopEventRow.event_id)).where(
        col(ShopEventRow.shop) == shop, col(ShopEventRow.digest) == digest
    )
    return session.connection().execute(found).first() is not None


def newest_events(session: Session, shop: str, limit: int) -> Sequence[ShopEventRow]:
    """Return the last events of a shop, newest first."""
    statement = select(ShopEventRow).order_by(col(ShopEventRow.received_at).desc())
    return session.execute(statement.where(col(ShopEventRow.shop) == shop).limit(limit)).scalars().all()


def kept_requests(session: Session, ids: Collection[int] | None) -> Sequence[InboxRow]:
    """Return the requests that could not be applied, oldest first; of these rows of the inbox, or all."""
    wanted = select(InboxRow).where(
        col(InboxRow.kind) == Kind.SHOP_EVENT.value, col(InboxRow.state) == State.REFUSED.value
    )
    if ids is not None:
        wanted = wanted.where(col(InboxRow.id).in_(ids))
    return session.execute(wanted.order_by(col(InboxRow.id))).scalars().all()


def refused_requests(session: Session, shop: str) -> int:
    """Return how many requests of a shop wait for a person, since they could not be understood."""
    refused = select(func.count()).where(
        col(InboxRow.state) == State.REFUSED.value,
        col(InboxRow.kind) == Kind.SHOP_EVENT.value,
        col(InboxRow.key).startswith(f"{Kind.SHOP_EVENT.value}:{shop}:"),
    )
    return int(session.connection().execute(refused).scalar_one())
