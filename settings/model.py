"""Settings from the environment (``AFTERGLOW_*``) and a ``.env`` file. Temporal's own are Temporal's.

Everything wrong is listed at once. Placeholders are refused in production, and wherever customers or
strangers are reached: with a real provider, or at a public address.
"""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, TypeAdapter, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from campaign.fields.contact import Email, Phone
from campaign.problems import Form
from campaign.reasons import Channel
from shops.guests import guest_id
from shops.news import Policy

PREFIX = "AFTERGLOW_"
WebAddress = Annotated[
    str,
    Form(
        r"^https?://([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?(/[^\s?#]*)?$",
        'write an address such as "https://news.shop.com": no name, query or fragment',
    ),
]


class Environment(StrEnum):
    """Where this runs. Placeholders are accepted in development only, as long as nobody is reached."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _database_url(value: str) -> str:
    try:
        backend = make_url(value).get_backend_name()
    except ArgumentError:
        backend = ""
    if backend not in ("sqlite", "postgresql") or (backend == "sqlite" and not make_url(value).database):
        msg = "not a database address: write sqlite:///file.db or postgresql://user:password@host/name"
        raise ValueError(msg)
    return value


def _sendable(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x7e]*", value.get_secret_value()):
        msg = "has characters that no header can carry: use letters, digits and ASCII signs, without spaces"
        raise ValueError(msg)
    return value


def _test_addresses(value: str) -> str:
    for one in listed(value):
        TypeAdapter(Email if "@" in one else Phone).validate_python(one)
    return value


class Settings(BaseSettings):
    """All of Afterglow's settings. Rates are messages a second, over all workers together."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    environment: Environment = Environment.DEVELOPMENT
    home: Path = Path(".afterglow")
    database_url: Annotated[str, AfterValidator(_database_url)] = ""
    campaign: Path = Path("content/default/campaign.toml")
    templates: Path = Path("content/default")
    email: Literal["outbox", "sendgrid"] = "outbox"
    sms: Literal["outbox", "twilio"] = "outbox"
    public_url: WebAddress | None = None
    secret_key: SecretStr = SecretStr("development")
    previous_secret_keys: SecretStr = SecretStr("")
    provider_seconds: Annotated[float, Field(gt=0, le=20)] = 10.0
    sendgrid_api_key: SecretStr | None = None
    sendgrid_api_base: WebAddress = "https://api.sendgrid.com"
    sendgrid_sandbox: bool = False
    sendgrid_webhook_key: str | None = None
    twilio_account_sid: (
        Annotated[str, Form("^AC[0-9a-zA-Z]+$", "write the SID, which begins with AC")] | None
    ) = None
    twilio_auth_token: SecretStr | None = None
    twilio_messaging_service_sid: (
        Annotated[str, Form("^MG[0-9a-zA-Z]+$", "write the SID, which begins with MG")] | None
    ) = None
    twilio_from: str | None = None
    twilio_api_base: WebAddress = "https://api.twilio.com"
    sms_replies: Literal["provider", "afterglow"] = "provider"
    shopify_secret: SecretStr = SecretStr("")
    shopify_store: WebAddress | None = None
    shopify_admin_token: Annotated[SecretStr, AfterValidator(_sendable)] | None = None
    woocommerce_secret: SecretStr = SecretStr("")
    loyalty_url: WebAddress | None = None
    loyalty_token: Annotated[SecretStr, AfterValidator(_sendable)] | None = None
    wholesale_tags: str = "wholesale,b2b"
    campaign_for_test_orders: bool = False
    campaign_for_draft_orders: bool = False
    campaign_for_zero_value_orders: bool = False
    email_rate: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    sms_rate: Annotated[float, Field(gt=0, le=10_000)] = 10.0
    concurrency: Annotated[int, Field(ge=1, le=200)] = 16
    workers: Annotated[int, Field(ge=1, le=200)] | None = None  # the former name of `concurrency`
    keep_message_bodies: Annotated[int, Field(ge=1, le=36_500)] = 180
    keep_webhooks: Annotated[int, Field(ge=7, le=36_500)] = 30
    keep_inbox: Annotated[int, Field(ge=7, le=36_500)] = 30
    shutdown_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    metrics_address: str | None = None
    temporal_ui: WebAddress | None = None
    test_addresses: Annotated[str, AfterValidator(_test_addresses)] = ""
    api_token: Annotated[SecretStr, AfterValidator(_sendable)] | None = None
    deployment: str | None = None
    build_id: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    @model_validator(mode="before")
    @classmethod
    def _default_database(cls, values: dict[str, object]) -> dict[str, object]:
        home = Path(str(values.get("home") or ".afterglow"))
        if values.get("workers"):
            values = {"concurrency": values["workers"], **values}
        return {**values, "database_url": values.get("database_url") or f"sqlite:///{home / 'afterglow.db'}"}

    @property
    def outbox(self) -> Path:
        """The folder of the outbox channel."""
        return self.home / "outbox"

    @property
    def web_ui(self) -> str | None:
        """Where Temporal's Web UI is: in development `make dev`'s, unless it is set; None: not known."""
        return self.temporal_ui or (None if self.exposed_by else "http://localhost:8233")

    @property
    def production(self) -> bool:
        """Whether this is an operator's production: the tables are changed by `afterglow migrate` only."""
        return self.environment is Environment.PRODUCTION

    @property
    def exposed_by(self) -> str | None:
        """Return the setting by which customers or strangers are reached; None where all stays here.

        What is exposed runs with production's checks, whatever ``AFTERGLOW_ENVIRONMENT`` says: own secret,
        https and brand. Its HTTP interface needs a key.
        """
        if self.production:
            return f"{PREFIX}ENVIRONMENT=production"
        for name in ("email", "sms"):
            if (provider := getattr(self, name)) != "outbox":
                return f"{PREFIX}{name.upper()}={provider}"
        return (
            f"a public {PREFIX}PUBLIC_URL"
            if self.public_url and not on_this_machine(self.public_url)
            else None
        )

    @property
    def open_without_keys(self) -> bool:
        """Whether the HTTP interface may be open as long as nobody has made a key: on this machine alone."""
        return self.exposed_by is None and on_this_machine(f"http://{_in_url(self.web_host)}")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return the keys that links are accepted with, newest first; the first one signs."""
        return (self.secret_key.get_secret_value(), *listed(self.previous_secret_keys))

    def test_address(self, channel: Channel) -> str | None:
        """Return where a channel's test messages go: the first address of `test_addresses` that fits."""
        fitting = (one for one in listed(self.test_addresses) if ("@" in one) == (channel is Channel.EMAIL))
        return next(fitting, None)

    @property
    def order_policy(self) -> Policy:
        """Which of a shop's orders start a campaign."""
        return Policy(
            test_orders=self.campaign_for_test_orders,
            draft_orders=self.campaign_for_draft_orders,
            zero_value_orders=self.campaign_for_zero_value_orders,
            wholesale_tags=frozenset(tag.lower() for tag in listed(self.wholesale_tags)),
        )

    def guest_id(self, address: str) -> str:
        """Return the customer id of a guest by address in normal form, as `shops.guests.guest_id` does."""
        return guest_id(self.secret_key.get_secret_value(), address)


def listed(value: SecretStr | str) -> list[str]:
    """Return the parts of a setting that is a list with commas."""
    text = value if isinstance(value, str) else value.get_secret_value()
    return [part.strip() for part in text.split(",") if part.strip()]


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def on_this_machine(url: str) -> bool:
    """Return whether an address is of this machine alone."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
