"""Customers, their consents, suppressed addresses and replies."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, Column, Index, Text, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime

ERASED = "erased-"
"""How the customer id begins that an erasure leaves on orders (docs/privacy.md)."""


class CustomerRow(SQLModel, table=True):
    """Contact data. ``email_key`` is the address in the form in which addresses are compared.

    ``email_as_given`` and ``phone_as_given``: what a shop has on file and no message can be sent to;
    ``changed_at``: the shop's time of this data.
    """

    __tablename__ = "customers"

    id: str = Field(primary_key=True, max_length=100)
    email: str | None = Field(default=None, max_length=254)
    email_key: str | None = Field(default=None, max_length=254, index=True)
    phone: str | None = Field(default=None, max_length=20, index=True)
    first_name: str | None = Field(default=None, max_length=200)
    last_name: str | None = Field(default=None, max_length=200)
    language: str | None = Field(default=None, max_length=35)
    country: str | None = Field(default=None, max_length=2)
    region: str | None = Field(default=None, max_length=200)
    postal_code: str | None = Field(default=None, max_length=200)
    time_zone: str | None = Field(default=None, max_length=60)
    preferred_channel: str | None = Field(default=None, max_length=10)
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    email_as_given: str | None = Field(default=None, sa_column=Column(Text))
    phone_as_given: str | None = Field(default=None, sa_column=Column(Text))
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    less: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))


class ConsentRow(SQLModel, table=True):
    """The consent ledger: rows are added, never changed.

    ``address`` is what it was given for, in the form in which addresses are compared: an opt-out holds for
    the address, whoever has it. ``customer_id`` is missing where nobody was known to have it.
    """

    __tablename__ = "consents"
    __table_args__ = (
        UniqueConstraint("customer_id", "channel", "state", "source", "at"),
        Index("ix_consents_address_at", "address", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    customer_id: str | None = Field(default=None, foreign_key="customers.id", max_length=100)
    channel: str = Field(max_length=10)
    state: str = Field(max_length=10)
    source: str = Field(max_length=100)
    at: datetime = Field(sa_type=UtcDateTime)
    wording: str | None = Field(default=None, sa_column=Column(Text))
    address: str | None = Field(default=None, max_length=254)
    confirmed: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))


class SuppressionRow(SQLModel, table=True):
    """An address that is not written to, whoever has it: why and since when.

    Lifted by hand only, but for ``opted_out``: the customer's own START lifts that.
    """

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("channel", "address", "reason"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str = Field(max_length=10)
    address: str = Field(max_length=254)
    reason: str = Field(max_length=20)
    source: str = Field(max_length=100)
    at: datetime = Field(sa_type=UtcDateTime)


class ReplyRow(SQLModel, table=True):
    """A customer's text message that may be an opt-out: a person settles it.

    ``text`` is kept until then only; ``verdict`` is ``opt_out`` or ``other``.
    """

    __tablename__ = "replies"

    id: int | None = Field(default=None, primary_key=True)
    sender: str = Field(max_length=20, index=True)
    received_at: datetime = Field(sa_type=UtcDateTime)
    text: str | None = Field(default=None, sa_column=Column(Text))
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    verdict: str | None = Field(default=None, max_length=10)
