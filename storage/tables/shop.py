"""The catalogue, and what is counted over all orders."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, String, false, text, true
from sqlmodel import Field, SQLModel

from storage.columns import Amount, UtcDateTime

_SHOWN = text("available AND recommend")


class ProductRow(SQLModel, table=True):
    """One catalogue entry. ``item`` is the shop's inventory item, by which stock is reported.

    ``available``: false where the shop has none left or has taken it off sale: it is not recommended;
    ``lasts_days``: of what is used up, how long one lasts. ``family``: what the variants of a product share,
    None where it is not known; ``recommend``: false for what is no product, such as a gift card.
    """

    __tablename__ = "products"
    __table_args__ = (
        Index("ix_products_shown", "sku", postgresql_where=_SHOWN, sqlite_where=_SHOWN),
        Index("ix_products_new", "added_at", "sku", postgresql_where=_SHOWN, sqlite_where=_SHOWN),
    )

    sku: str = Field(primary_key=True, max_length=100)
    name: str = Field(max_length=200)
    url: str = Field(max_length=2_000)
    image_url: str | None = Field(default=None, max_length=2_000)
    price: Decimal = Field(sa_type=Amount)
    currency: str = Field(max_length=3)
    category: str | None = Field(default=None, max_length=200, index=True)
    added_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rating: float | None = None
    review_count: int = 0
    review_quote: str | None = Field(default=None, max_length=500)
    item: str | None = Field(default=None, max_length=100, index=True)
    available: bool = Field(default=True, sa_column=Column(Boolean, nullable=False, server_default=true()))
    lasts_days: int | None = None
    consumable: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    family: str | None = Field(default=None, max_length=2_000)
    recommend: bool = Field(default=True, sa_column=Column(Boolean, nullable=False, server_default=true()))


class StockLevelRow(SQLModel, table=True):
    """How much of an inventory item is available at one place, as it was last reported."""

    __tablename__ = "stock_levels"

    item: str = Field(primary_key=True, max_length=100)
    location: str = Field(primary_key=True, max_length=100)
    available: int
    at: datetime = Field(sa_type=UtcDateTime)


class BestSellerRow(SQLModel, table=True):
    """What sold most, overall (``category`` empty) or of a category, first rank 1: computed by a schedule."""

    __tablename__ = "best_sellers"

    category: str = Field(
        default="", sa_column=Column(String(200), primary_key=True, server_default=text("''"))
    )
    rank: int = Field(primary_key=True)
    sku: str = Field(max_length=100)
    quantity: int = Field(sa_type=BigInteger)


class BoughtTogetherRow(SQLModel, table=True):
    """What is bought together with a product more than by chance, first rank 1: computed by a schedule."""

    __tablename__ = "bought_together"

    sku: str = Field(primary_key=True, max_length=100)
    rank: int = Field(primary_key=True)
    other_sku: str = Field(max_length=100)
    orders: int
    score: float = Field(default=0.0, sa_column=Column(Float, nullable=False, server_default=text("0")))


class RepeatGapRow(SQLModel, table=True):
    """How many days its customers go with one of a product until they buy it again: computed by a schedule.

    The median of the ``customers`` who have bought it again; of ``buyers`` in all.
    """

    __tablename__ = "repeat_gaps"

    sku: str = Field(primary_key=True, max_length=100)
    days: int
    customers: int
    buyers: int


class StatisticRow(SQLModel, table=True):
    """When a statistic of the whole shop was last computed, and how many rows it has."""

    __tablename__ = "statistics"

    name: str = Field(primary_key=True, max_length=40)
    computed_at: datetime = Field(sa_type=UtcDateTime)
    rows: int
