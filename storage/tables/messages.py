"""Messages and what happened to them, links, stopped channels, requests of providers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, Index, String, Text, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from campaign.facts import Purpose
from storage.columns import UtcDateTime

_TO_LOOK_AT = text("state IN ('failed', 'unconfirmed')")
_BY_CONSENT = text("consent_id IS NOT NULL")
_WRITTEN = text("text IS NOT NULL")


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
        # A consent that is erased must be no message's: without an index each would read them all.
        Index("ix_messages_consent_id", "consent_id", postgresql_where=_BY_CONSENT, sqlite_where=_BY_CONSENT),
        # For `afterglow messages`: few rows, and no write on a message's usual way.
        Index(
            "ix_messages_to_look_at",
            "state",
            "claimed_at",
            postgresql_where=_TO_LOOK_AT,
            sqlite_where=_TO_LOOK_AT,
        ),
        # For retention (`storage.queries.privacy.retention`): no more than the texts that are kept.
        Index("ix_messages_with_text", "claimed_at", postgresql_where=_WRITTEN, sqlite_where=_WRITTEN),
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
    coupon_id: int | None = None
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
    """What happened to a message, in order: claimed, sending, sent, and what a provider reports.

    ``event_id`` is the provider's own, so that an event reported twice is kept once; ``code`` its error
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


class WebhookRow(SQLModel, table=True):
    """A signed request that was accepted, by digest: the same one again is a replay."""

    __tablename__ = "webhooks"

    digest: str = Field(primary_key=True, max_length=64)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
