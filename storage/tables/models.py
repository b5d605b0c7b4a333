"""What is known of a customer beyond the orders: predicted value, standing in the loyalty programme."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Column, Index, Text
from sqlmodel import Field, SQLModel

from storage.columns import Amount, UtcDateTime


class ShopModelRow(SQLModel, table=True):
    """One fit of a model over the shop's own orders. Rows are added, never changed.

    ``serves``: what is used of it (the model itself, or the simpler rule that it did not beat); ``why`` says
    why a fit was refused or beaten; ``quality`` holds what was measured on the held-out orders.
    """

    __tablename__ = "shop_models"
    __table_args__ = (Index("ix_shop_models_name_id", "name", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=40)
    fitted_at: datetime = Field(sa_type=UtcDateTime)
    serves: str = Field(max_length=40)
    why: str | None = Field(default=None, sa_column=Column(Text))
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    quality: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class CustomerScoreRow(SQLModel, table=True):
    """What the last fit predicts of one customer: read by key when a message is decided.

    ``predicted_value``: spent over the coming 365 days, in the shop's currency; ``alive``: the probability
    that the customer still buys here.
    """

    __tablename__ = "customer_scores"

    customer_id: str = Field(primary_key=True, foreign_key="customers.id", max_length=100)
    model_id: int = Field(foreign_key="shop_models.id", index=True)
    computed_at: datetime = Field(sa_type=UtcDateTime)
    predicted_value: Decimal | None = Field(default=None, sa_type=Amount)
    expected_orders: float | None = None
    alive: float | None = None


class LoyaltyStandingRow(SQLModel, table=True):
    """A customer's standing in a loyalty programme that is kept elsewhere, as it was last reported."""

    __tablename__ = "loyalty_standings"

    customer_id: str = Field(primary_key=True, foreign_key="customers.id", max_length=100)
    tier: str | None = Field(default=None, max_length=40)
    points: int | None = None
    source: str = Field(max_length=100)
    at: datetime = Field(sa_type=UtcDateTime)
