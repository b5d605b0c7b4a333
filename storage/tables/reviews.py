"""Customers' reviews of products, and what they come to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.columns import UtcDateTime


class ReviewRow(SQLModel, table=True):
    """One review: pending -> published or rejected.

    ``source`` is where it was written (``page``, or the system it was imported from), ``source_id`` its id
    there; ``order_id`` the order that it is of, where that is known: such a review is verified. ``author`` is
    the name to show, as the customer chose it; ``why``: the reason of a rejection, or what a moderator should
    look at. The rules about it all are in `campaign.reviews`.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("source", "source_id"),
        UniqueConstraint("order_id", "sku"),
        Index("ix_reviews_sku_state_written_at", "sku", "state", "written_at"),
        # For the moderator's list, the oldest first.
        Index("ix_reviews_state_id", "state", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sku: str = Field(max_length=100)
    customer_id: str | None = Field(default=None, foreign_key="customers.id", max_length=100, index=True)
    order_id: str | None = Field(default=None, foreign_key="orders.id", max_length=100)
    source: str = Field(max_length=40)
    source_id: str | None = Field(default=None, max_length=100)
    rating: int
    text: str | None = Field(default=None, sa_column=Column(Text))
    author: str | None = Field(default=None, max_length=100)
    language: str | None = Field(default=None, max_length=35)
    state: str = Field(max_length=12)
    why: str | None = Field(default=None, max_length=40)
    written_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ProductRatingRow(SQLModel, table=True):
    """What all ratings of a product come to: computed by a schedule, read by key; ``''``: the shop."""

    __tablename__ = "product_ratings"

    sku: str = Field(primary_key=True, max_length=100)
    average: float
    count: int
    computed_at: datetime = Field(sa_type=UtcDateTime)


class ProductQuoteRow(SQLModel, table=True):
    """The review of a product that messages in one language quote: chosen by a schedule, read by key.

    It goes with its review's publication: whatever takes that back deletes it in the same transaction.
    """

    __tablename__ = "product_quotes"

    sku: str = Field(primary_key=True, max_length=100)
    language: str = Field(primary_key=True, max_length=8)
    review_id: int = Field(foreign_key="reviews.id", index=True)
    rating: int
    text: str = Field(max_length=300)
    author: str | None = Field(default=None, max_length=100)
    verified: bool = Field(sa_column=Column(Boolean, nullable=False))
