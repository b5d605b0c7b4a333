"""Orders, and the campaigns that run for them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from storage.columns import Amount, UtcDateTime

_AWAITS = text("awaits_offer IS NOT NULL")


class OrderRow(SQLModel, table=True):
    """One order. The primary key is what makes a purchase start one campaign for ever.

    ``refunded`` is what was given back of ``total`` so far; ``changed_at`` the shop's time of this version.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_customer_id_placed_at", "customer_id", "placed_at"),
        # For the newest orders of the shop, which the preview lists.
        Index("ix_orders_placed_at_id", "placed_at", "id"),
    )

    id: str = Field(primary_key=True, max_length=100)
    customer_id: str = Field(foreign_key="customers.id", max_length=100)
    placed_at: datetime = Field(sa_type=UtcDateTime)
    currency: str = Field(max_length=3)
    total: Decimal = Field(sa_type=Amount)
    refunded: Decimal = Field(
        default=Decimal(0), sa_column=Column(Amount, nullable=False, server_default=text("'0'"))
    )
    renewal: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OrderLineRow(SQLModel, table=True):
    """One line of an order, in the order's currency. ``returned`` is how much of it came back."""

    __tablename__ = "order_lines"

    order_id: str = Field(foreign_key="orders.id", primary_key=True, max_length=100)
    position: int = Field(primary_key=True)
    sku: str = Field(max_length=100, index=True)
    quantity: int
    unit_price: Decimal = Field(sa_type=Amount)
    returned: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))


class RefundRow(SQLModel, table=True):
    """One refund of a part of an order, by the shop's own id: reported twice, it counts once."""

    __tablename__ = "refunds"

    order_id: str = Field(foreign_key="orders.id", primary_key=True, max_length=100)
    refund_id: str = Field(primary_key=True, max_length=100)
    at: datetime = Field(sa_type=UtcDateTime)
    amount: Decimal = Field(sa_type=Amount)


class OrderEventRow(SQLModel, table=True):
    """What became of an order. The last recorded event of a status is the one that holds."""

    __tablename__ = "order_events"
    __table_args__ = (UniqueConstraint("order_id", "status", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    order_id: str = Field(foreign_key="orders.id", max_length=100)
    status: str = Field(max_length=20)
    at: datetime = Field(sa_type=UtcDateTime)


class DefinitionRow(SQLModel, table=True):
    """A version of a campaign, by digest. Rows are added, never changed.

    ``templates``: its templates' texts by path, as JSON; None in versions that were stored without them.
    """

    __tablename__ = "campaign_definitions"

    digest: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=40)
    body: str = Field(sa_column=Column(Text, nullable=False))
    stored_at: datetime = Field(sa_type=UtcDateTime)
    templates: str | None = Field(default=None, sa_column=Column(Text))


class RunRow(SQLModel, table=True):
    """One campaign run: the order's workflow, the version it keeps, its arm, how it ended."""

    __tablename__ = "campaign_runs"
    __table_args__ = (Index("ix_campaign_runs_customer_id_closed_at", "customer_id", "closed_at"),)

    order_id: str = Field(sa_column=Column(String(100), ForeignKey("orders.id"), primary_key=True))
    customer_id: str = Field(foreign_key="customers.id", max_length=100)
    digest: str = Field(foreign_key="campaign_definitions.digest", max_length=64)
    workflow_run_id: str = Field(max_length=40)
    holdout: bool = False
    segment: str | None = Field(default=None, max_length=40)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    exit_reason: str | None = Field(default=None, max_length=20)
    stop_reason: str | None = Field(default=None, max_length=100)
    repurchased_by: str | None = Field(default=None, max_length=100)


class StepRow(SQLModel, table=True):
    """How one step of a run stands: the last decision about it, with its reason.

    ``awaits_offer``: the offer whose codes have run out, where that is what the step waits for.
    """

    __tablename__ = "campaign_steps"
    __table_args__ = (
        Index(
            "ix_campaign_steps_awaits_offer",
            "awaits_offer",
            postgresql_where=_AWAITS,
            sqlite_where=_AWAITS,
        ),
    )

    order_id: str = Field(foreign_key="campaign_runs.order_id", primary_key=True, max_length=100)
    step: str = Field(primary_key=True, max_length=40)
    kind: str = Field(max_length=10)
    reason: str = Field(max_length=20)
    decided_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    awaits_offer: str | None = Field(default=None, max_length=40)
