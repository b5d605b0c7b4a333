"""The provider of each channel, as the settings choose."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from campaign.reasons import Channel
from channels.outbox.send import Outbox
from channels.protocol import MessageChannel
from channels.sendgrid.send import SendGrid
from channels.twilio.send import Twilio


class ChannelSettings(Protocol):
    """What of the settings channels are made of."""

    @property
    def email(self) -> str:
        """Which provider sends emails."""

    @property
    def sms(self) -> str:
        """Which provider sends texts."""

    @property
    def outbox(self) -> Path:
        """The outbox's folder."""

    @property
    def public_url(self) -> str | None:
        """The public address, for callbacks."""

    @property
    def provider_seconds(self) -> float:
        """How long a provider may take to answer."""

    @property
    def sendgrid_api_key(self) -> SecretStr | None:
        """SendGrid's key."""

    @property
    def sendgrid_api_base(self) -> str:
        """SendGrid's address."""

    @property
    def sendgrid_sandbox(self) -> bool:
        """Whether SendGrid only checks."""

    @property
    def twilio_account_sid(self) -> str | None:
        """Twilio's account."""

    @property
    def twilio_auth_token(self) -> SecretStr | None:
        """Twilio's token."""

    @property
    def twilio_messaging_service_sid(self) -> str | None:
        """Twilio's messaging service."""

    @property
    def twilio_from(self) -> str | None:
        """The number that sends."""

    @property
    def twilio_api_base(self) -> str:
        """Twilio's address."""


def make_channels(settings: ChannelSettings) -> dict[Channel, MessageChannel]:
    """Return the provider for each channel, as the settings choose."""
    outbox = Outbox(settings.outbox)
    return {
        Channel.EMAIL: _sendgrid(settings) if settings.email == "sendgrid" else outbox,
        Channel.SMS: _twilio(settings) if settings.sms == "twilio" else outbox,
    }


def _sendgrid(settings: ChannelSettings) -> MessageChannel:
    return SendGrid(
        _secret(settings.sendgrid_api_key),
        base=settings.sendgrid_api_base,
        seconds=settings.provider_seconds,
        sandbox=settings.sendgrid_sandbox,
    )


def _twilio(settings: ChannelSettings) -> MessageChannel:
    public = (settings.public_url or "").rstrip("/")
    return Twilio(
        settings.twilio_account_sid or "",
        _secret(settings.twilio_auth_token),
        service=settings.twilio_messaging_service_sid,
        sender=settings.twilio_from,
        callback=f"{public}/webhooks/twilio/status" if public else None,
        base=settings.twilio_api_base,
        seconds=settings.provider_seconds,
    )


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value else ""
