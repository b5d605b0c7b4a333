"""Who may use the interface, and what was done about persons: keys, erasures, opt-outs that outlive them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime


class ApiKeyRow(SQLModel, table=True):
    """A key of the HTTP interface, by the SHA-256 of its 256 random bits. ``last_used_at`` to the hour."""

    __tablename__ = "api_keys"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=40, unique=True)
    digest: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


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


class KeptOptOutRow(SQLModel, table=True):
    """An opt-out or complaint of an erased address, by its keyed hash: it holds if the address returns."""

    __tablename__ = "kept_opt_outs"
    __table_args__ = (UniqueConstraint("channel", "digest", "reason"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str = Field(max_length=10)
    digest: str = Field(max_length=64)
    reason: str = Field(max_length=20)
    at: datetime = Field(sa_type=UtcDateTime)
