"""The tables. Business times are the workflow's; ids of shops are kept as the shop wrote them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from campaign.facts import Purpose
from storage.columns import Amount, UtcDateTime

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING


class CustomerRow(SQLModel, table=True):
    """Contact data. ``email_key`` is the address in the form in which addresses are compared."""

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


class OrderRow(SQLModel, table=True):
    """One order. The primary key is what makes a purchase start one campaign for ever."""

    __tablename__ = "orders"
    __table_args__ = (Index("ix_orders_customer_id_placed_at", "customer_id", "placed_at"),)

    id: str = Field(primary_key=True, max_length=100)
    customer_id: str = Field(foreign_key="customers.id", max_length=100)
    placed_at: datetime = Field(sa_type=UtcDateTime)
    currency: str = Field(max_length=3)
    total: Decimal = Field(sa_type=Amount)


class OrderLineRow(SQLModel, table=True):
    """One line of an order, in the order's currency."""

    __tablename__ = "order_lines"

    order_id: str = Field(foreign_key="orders.id", primary_key=True, max_length=100)
    position: int = Field(primary_key=True)
    sku: str = Field(max_length=100, index=True)
    quantity: int
    unit_price: Decimal = Field(sa_type=Amount)


class OrderEventRow(SQLModel, table=True):
    """What became of an order. The last recorded event of a status is the one that holds."""

    __tablename__ = "order_events"
    __table_args__ = (UniqueConstraint("order_id", "status", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    order_id: str = Field(foreign_key="orders.id", max_length=100)
    status: str = Field(max_length=20)
    at: datetime = Field(sa_type=UtcDateTime)


class DefinitionRow(SQLModel, table=True):
    """A version of a campaign, by digest. Rows are added, never changed."""

    __tablename__ = "campaign_definitions"

    digest: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=40)
    body: str = Field(sa_column=Column(Text, nullable=False))
    stored_at: datetime = Field(sa_type=UtcDateTime)


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
    """How one step of a run stands: the last decision about it, with its reason."""

    __tablename__ = "campaign_steps"

    order_id: str = Field(foreign_key="campaign_runs.order_id", primary_key=True, max_length=100)
    step: str = Field(primary_key=True, max_length=40)
    kind: str = Field(max_length=10)
    reason: str = Field(max_length=20)
    decided_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


_TO_LOOK_AT = text("state IN ('failed', 'unconfirmed')")


class MessageRow(SQLModel, table=True):
    """One message. Unique by order, step and channel: it cannot be claimed twice.

    ``address`` is where it goes, in the form in which addresses are compared; ``recipient`` is what the
    provider was given.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("order_id", "step", "channel"),
        Index("ix_messages_customer_id_claimed_at", "customer_id", "claimed_at"),
        Index("ix_messages_address_claimed_at", "address", "claimed_at"),
        # For `afterglow messages`: few rows, and no write on a message's usual way.
        Index(
            "ix_messages_to_look_at",
            "state",
            "claimed_at",
            postgresql_where=_TO_LOOK_AT,
            sqlite_where=_TO_LOOK_AT,
        ),
    )

    id: str = Field(primary_key=True, max_length=40)
    order_id: str = Field(foreign_key="campaign_runs.order_id", max_length=100)
    customer_id: str = Field(foreign_key="customers.id", max_length=100)
    step: str = Field(max_length=40)
    channel: str = Field(max_length=10)
    segment: str = Field(max_length=40)
    purpose: str = Field(
        default=Purpose.MARKETING.value,
        sa_column=Column(String(20), nullable=False, server_default=Purpose.MARKETING.value),
    )
    state: str = Field(max_length=20)
    reason: str | None = Field(default=None, max_length=20)
    consent_id: int | None = Field(default=None, foreign_key="consents.id")
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    latest_at: datetime = Field(sa_type=UtcDateTime)
    claimed_at: datetime = Field(sa_type=UtcDateTime)
    attempted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    address: str | None = Field(default=None, max_length=254)
    recipient: str | None = Field(default=None, max_length=254, index=True)
    provider_id: str | None = Field(default=None, max_length=200)
    subject: str | None = Field(default=None, sa_column=Column(Text))
    html: str | None = Field(default=None, sa_column=Column(Text))
    text: str | None = Field(default=None, sa_column=Column(Text))


class MessageEventRow(SQLModel, table=True):
    """What happened to a message, in order: claimed, sending, sent, and what a provider tells.

    ``event_id`` is the provider's own, so that an event told twice is kept once; ``code`` its error
    code; ``machine``: a link scanner did it, not a person.
    """

    __tablename__ = "message_events"

    id: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(foreign_key="messages.id", index=True, max_length=40)
    kind: str = Field(max_length=20)
    at: datetime = Field(sa_type=UtcDateTime)
    event_id: str | None = Field(default=None, max_length=200, unique=True)
    code: str | None = Field(default=None, max_length=20)
    machine: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))


class LinkRow(SQLModel, table=True):
    """A short link of one message. Only targets that a campaign made are ever redirected to."""

    __tablename__ = "links"
    __table_args__ = (UniqueConstraint("message_id", "target"),)

    code: str = Field(primary_key=True, max_length=20)
    message_id: str = Field(foreign_key="messages.id", max_length=40)
    target: str = Field(sa_column=Column(Text, nullable=False))


class ChannelStopRow(SQLModel, table=True):
    """A channel whose provider refuses our configuration: stopped for all messages, not one by one.

    ``probe_at``: when one message may try again whether the configuration is right by now; ``reported``: the
    refusal came after the message was accepted, so that being accepted proves nothing.
    """

    __tablename__ = "channel_stops"

    channel: str = Field(primary_key=True, max_length=10)
    code: str = Field(max_length=20)
    since: datetime = Field(sa_type=UtcDateTime)
    probe_at: datetime = Field(sa_type=UtcDateTime)
    reported: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))


class ReplyRow(SQLModel, table=True):
    """A customer's text message that may ask to be let alone: a person settles it.

    ``text`` is kept until then only; ``verdict`` is ``opt_out`` or ``other``.
    """

    __tablename__ = "replies"

    id: int | None = Field(default=None, primary_key=True)
    sender: str = Field(max_length=20, index=True)
    received_at: datetime = Field(sa_type=UtcDateTime)
    text: str | None = Field(default=None, sa_column=Column(Text))
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    verdict: str | None = Field(default=None, max_length=10)


class WebhookRow(SQLModel, table=True):
    """A signed request that was accepted, by digest: the same one again is a replay."""

    __tablename__ = "webhooks"

    digest: str = Field(primary_key=True, max_length=64)
    at: datetime = Field(sa_type=UtcDateTime, index=True)


class ProductRow(SQLModel, table=True):
    """One catalogue entry."""

    __tablename__ = "products"

    sku: str = Field(primary_key=True, max_length=100)
    name: str = Field(max_length=200)
    url: str = Field(max_length=2_000)
    image_url: str | None = Field(default=None, max_length=2_000)
    price: Decimal = Field(sa_type=Amount)
    currency: str = Field(max_length=3)
    category: str | None = Field(default=None, max_length=200, index=True)
    added_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    rating: float | None = None
    review_count: int = 0
    review_quote: str | None = Field(default=None, max_length=500)


class BestSellerRow(SQLModel, table=True):
    """What sold most, first rank 1: computed by a schedule, read by every message."""

    __tablename__ = "best_sellers"

    rank: int = Field(primary_key=True)
    sku: str = Field(max_length=100)
    quantity: int = Field(sa_type=BigInteger)


class BoughtTogetherRow(SQLModel, table=True):
    """What stands beside a product in the most orders, first rank 1: computed by a schedule."""

    __tablename__ = "bought_together"

    sku: str = Field(primary_key=True, max_length=100)
    rank: int = Field(primary_key=True)
    other_sku: str = Field(max_length=100)
    orders: int


class StatisticRow(SQLModel, table=True):
    """When a statistic of the whole shop was last computed, and how many rows it has."""

    __tablename__ = "statistics"

    name: str = Field(primary_key=True, max_length=40)
    computed_at: datetime = Field(sa_type=UtcDateTime)
    rows: int
