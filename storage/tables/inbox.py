"""What came in and what became of it: the inbox, shop events, imports."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime

_WAITING = text("state = 'waiting'")
_KEPT = text("kind = 'shop_event' AND body IS NOT NULL")


class InboxRow(SQLModel, table=True):
    """Something accepted that is still to be forwarded to Temporal, or that waits for its order.

    ``kind``: ``order`` (start its campaign), ``event`` (signal it), ``shop_event`` (a shop's request that
    could not be applied; only its ``body`` holds personal data). ``key`` says what it is, so that it is there
    once. ``state``: ``waiting`` until ``done``, ``unmatched``, ``refused`` or ``discarded``; ``why``: a code.
    The rows of one customer are forwarded in the order of their ids. ``due_at``: not tried before;
    ``leased_until``: somebody tries just now.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        Index("ix_inbox_waiting", "due_at", "id", postgresql_where=_WAITING, sqlite_where=_WAITING),
        Index(
            "ix_inbox_waiting_customer", "customer_id", "id", postgresql_where=_WAITING, sqlite_where=_WAITING
        ),
        Index("ix_inbox_state_settled_at", "state", "settled_at"),
        Index("ix_inbox_kept_payloads", "id", postgresql_where=_KEPT, sqlite_where=_KEPT),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=200, unique=True)
    kind: str = Field(max_length=20)
    order_id: str | None = Field(default=None, max_length=100, index=True)
    customer_id: str | None = Field(default=None, max_length=100)
    body: str | None = Field(default=None, sa_column=Column(Text))
    state: str = Field(max_length=20)
    why: str | None = Field(default=None, max_length=40)
    attempts: int = 0
    received_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ShopEventRow(SQLModel, table=True):
    """An event of a shop that was received, by the shop's own id: the same one again changes nothing.

    ``digest`` is of topic and body; ``outcome`` a code, shown by ``afterglow shop check``.
    """

    __tablename__ = "shop_events"
    __table_args__ = (
        UniqueConstraint("shop", "digest"),
        Index("ix_shop_events_shop_topic_received_at", "shop", "topic", "received_at"),
    )

    shop: str = Field(primary_key=True, max_length=20)
    event_id: str = Field(primary_key=True, max_length=100)
    topic: str = Field(max_length=60)
    digest: str = Field(max_length=64)
    received_at: datetime = Field(sa_type=UtcDateTime, index=True)
    outcome: str = Field(max_length=40)


class ImportRow(SQLModel, table=True):
    """A file that is imported, by its digest: where to go on after an interruption, and what came of it."""

    __tablename__ = "imports"

    digest: str = Field(primary_key=True, max_length=64)
    kind: str = Field(primary_key=True, max_length=20)
    rows_read: int = 0
    position: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    accepted: int = 0
    refused: int = 0
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
