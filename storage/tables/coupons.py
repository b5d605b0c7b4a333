"""Coupons: codes of a customer's own, and how many of an offer's codes there are."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from storage.columns import Amount, UtcDateTime

_RESERVED = text("state = 'reserved'")
_OPEN = text("state IN ('reserved', 'issued')")
_REFUSED = text("push_again_at IS NOT NULL")


class CouponRow(SQLModel, table=True):
    """One code of an offer, by `campaign.offers.coupons.CouponState`.

    One order's step gives one coupon, whatever channels its messages take. ``expires_at``: until when an
    issued one can be redeemed; ``cost``: what it is reckoned to cost, in the shop's currency; ``discount``:
    what it took off the order it was redeemed with, in that order's currency.

    Of a made one that the shop has refused: how often, its error code at last (``refusal``), and from when it
    is given to it again (``push_again_at``).
    """

    __tablename__ = "coupons"
    __table_args__ = (
        Index("ix_coupons_offer_state_id", "offer", "state", "id"),
        Index(
            "ix_coupons_reserved",
            "order_id",
            "step",
            unique=True,
            postgresql_where=_RESERVED,
            sqlite_where=_RESERVED,
        ),
        Index("ix_coupons_open", "expires_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index(
            "ix_coupons_refused",
            "offer",
            "push_again_at",
            postgresql_where=_REFUSED,
            sqlite_where=_REFUSED,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    offer: str = Field(max_length=40)
    code: str = Field(max_length=40, unique=True)
    origin: str = Field(max_length=12)
    state: str = Field(max_length=12)
    order_id: str | None = Field(default=None, foreign_key="orders.id", max_length=100, index=True)
    step: str | None = Field(default=None, max_length=40)
    customer_id: str | None = Field(default=None, foreign_key="customers.id", max_length=100, index=True)
    added_at: datetime = Field(sa_type=UtcDateTime)
    reserved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    issued_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    redeemed_order_id: str | None = Field(default=None, max_length=100)
    cost: Decimal | None = Field(default=None, sa_type=Amount)
    discount: Decimal | None = Field(default=None, sa_type=Amount)
    refusals: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    refusal: str | None = Field(default=None, max_length=40)
    push_again_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OfferStockRow(SQLModel, table=True):
    """An offer's codes in short, for decisions: since when there is none, and how many are given a day.

    ``filled``: how many there were when codes were added last. ``given`` and ``spent`` (in hundredths of the
    shop's currency) are of ``day``, an ISO date; they are counted where the offer has a limit a day.
    """

    __tablename__ = "offer_stocks"

    offer: str = Field(primary_key=True, max_length=40)
    empty_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    filled: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    day: str | None = Field(default=None, max_length=10)
    given: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    spent: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
