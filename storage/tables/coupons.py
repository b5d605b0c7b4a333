"""Coupons: single-use codes, each of one message at most."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.columns import Amount, UtcDateTime


class CouponRow(SQLModel, table=True):
    """One code of an offer: available -> reserved -> issued -> redeemed, or released, or void.

    ``origin``: ``generated`` or ``pool``. ``expires_at``: until when an issued one can be redeemed;
    ``discount``: what it took off the order it was redeemed with, in the order's currency.
    """

    __tablename__ = "coupons"
    __table_args__ = (Index("ix_coupons_offer_state_id", "offer", "state", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    offer: str = Field(max_length=40)
    code: str = Field(max_length=40, unique=True)
    origin: str = Field(max_length=12)
    state: str = Field(max_length=12)
    message_id: str | None = Field(default=None, foreign_key="messages.id", max_length=40, unique=True)
    order_id: str | None = Field(default=None, foreign_key="orders.id", max_length=100, index=True)
    customer_id: str | None = Field(default=None, foreign_key="customers.id", max_length=100, index=True)
    added_at: datetime = Field(sa_type=UtcDateTime)
    reserved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    issued_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    redeemed_order_id: str | None = Field(default=None, max_length=100)
    discount: Decimal | None = Field(default=None, sa_type=Amount)
