"""What persons have requested, what was erased, and the opt-outs that outlive it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime

_ERASED = text("reason = 'erased'")


class PersonRequestRow(SQLModel, table=True):
    """A request about a person's data, or a shop's: ``export``, ``erase`` or ``erase_shop``.

    ``who`` is what the request knows of the person, as JSON; it goes when the request is settled. ``state``:
    ``open`` waits for an operator, ``approved`` for the worker; then ``done`` or ``discarded``. ``due_at``:
    the day by which the law wants it done.
    """

    __tablename__ = "person_requests"
    __table_args__ = (Index("ix_person_requests_state_id", "state", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=20)
    source: str = Field(max_length=40)
    who: str | None = Field(default=None, sa_column=Column(Text))
    state: str = Field(max_length=20)
    received_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ErasureRow(SQLModel, table=True):
    """A person whose data was erased: when, on whose request, how much; nothing that says who.

    ``digests`` are keyed hashes of the customer ids, by which a second request finds the record.
    """

    __tablename__ = "erasures"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    source: str = Field(max_length=40)
    digests: list[str] = Field(sa_column=Column(JSON, nullable=False))
    counts: dict[str, int] = Field(sa_column=Column(JSON, nullable=False))


class ErasureJobRow(SQLModel, table=True):
    """What is still to be erased outside the database: Temporal's histories, the outbox's files.

    The worker does it, and deletes the row after a second look: only until then it names a customer.
    ``due_at``: not tried before, which is also the lease of whoever tries.
    """

    __tablename__ = "erasure_jobs"

    id: int | None = Field(default=None, primary_key=True)
    erased_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime, index=True)
    attempts: int = 0
    customer_ids: list[str] = Field(sa_column=Column(JSON, nullable=False))
    order_ids: list[str] = Field(sa_column=Column(JSON, nullable=False))


class KeptOptOutRow(SQLModel, table=True):
    """What must hold for an erased address if it returns, by its keyed hash (HMAC-SHA256).

    ``reason``: ``revoked`` (an opt-out of the ledger), a suppression's own, or ``erased``: no more than that
    the address was erased, so that what is reported of it later is not written down with the address.
    """

    __tablename__ = "kept_opt_outs"
    __table_args__ = (
        UniqueConstraint("channel", "digest", "reason"),
        Index("ix_kept_opt_outs_erased_at", "at", postgresql_where=_ERASED, sqlite_where=_ERASED),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel: str = Field(max_length=10)
    digest: str = Field(max_length=64)
    reason: str = Field(max_length=20)
    at: datetime = Field(sa_type=UtcDateTime)
