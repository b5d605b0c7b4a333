"""Settings from the environment (``AFTERGLOW_*``) and a ``.env`` file. Temporal's own are Temporal's.

Everything wrong is listed at once, and placeholders are refused outside development.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from campaign.errors import BadSettings, Problem
from campaign.problems import problems_of

PREFIX = "AFTERGLOW_"
PLACEHOLDERS = (
    "",
    "development",
    "change-me",
    "changeme",
    "password",
    "postgres",
    "secret",
    "example",
    "temporal",
    "afterglow",
)


MIN_TOKEN = 20


class Environment(StrEnum):
    """Where this runs. Placeholders are accepted in development only."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _database_url(value: str) -> str:
    try:
        backend = make_url(value).get_backend_name()
    except ArgumentError:
        backend = ""
    if backend not in ("sqlite", "postgresql"):
        msg = "not a database address: write sqlite:///file.db or postgresql://user:password@host/name"
        raise ValueError(msg)
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
    public_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+(/\S*)?$")] | None = None
    secret_key: SecretStr = SecretStr("development")
    provider_seconds: Annotated[float, Field(gt=0, le=20)] = 10.0
    sendgrid_api_key: SecretStr | None = None
    sendgrid_api_base: str = "https://api.sendgrid.com"
    sendgrid_sandbox: bool = False
    sendgrid_webhook_key: str | None = None
    twilio_account_sid: Annotated[str, StringConstraints(pattern="^AC[0-9a-zA-Z]+$")] | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_messaging_service_sid: Annotated[str, StringConstraints(pattern="^MG[0-9a-zA-Z]+$")] | None = None
    twilio_from: str | None = None
    twilio_api_base: str = "https://api.twilio.com"
    sms_replies: Literal["provider", "afterglow"] = "provider"
    email_rate: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    sms_rate: Annotated[float, Field(gt=0, le=10_000)] = 10.0
    workers: Annotated[int, Field(ge=1, le=200)] = 16
    shutdown_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    metrics_address: str | None = None
    api_token: SecretStr | None = None
    deployment: str | None = None
    build_id: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    @model_validator(mode="before")
    @classmethod
    def _default_database(cls, values: dict[str, object]) -> dict[str, object]:
        home = Path(str(values.get("home") or ".afterglow"))
        return {**values, "database_url": values.get("database_url") or f"sqlite:///{home / 'afterglow.db'}"}

    @property
    def outbox(self) -> Path:
        """The folder of the outbox channel."""
        return self.home / "outbox"

    @property
    def production(self) -> bool:
        """Whether placeholders are refused."""
        return self.environment is Environment.PRODUCTION


def load_settings() -> Settings:
    """Read and check the environment.

    Raises:
        BadSettings: with every setting that is wrong, by the name of its variable.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        problems = [_by_variable(problem) for problem in problems_of(error)]
        raise BadSettings(problems + _unknown_variables()) from None
    problems = [*_unknown_variables(), *_provider_problems(settings)]
    problems += _placeholders(settings) if settings.production else []
    if problems:
        raise BadSettings(problems)
    return settings


def _by_variable(problem: Problem) -> Problem:
    return Problem(f"{PREFIX}{problem.where.upper()}", problem.what, problem.fix)


def _unknown_variables() -> list[Problem]:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    return [
        Problem(name, "no such setting", "check its spelling: see docs/settings.md")
        for name in sorted(os.environ)
        if name.startswith(PREFIX) and name not in known
    ]


def _provider_problems(settings: Settings) -> list[Problem]:
    """List what a chosen provider still needs; its callbacks and links need our public address."""
    wanted = {
        "sendgrid": ("sendgrid_api_key", "sendgrid_webhook_key", "public_url"),
        "twilio": ("twilio_account_sid", "twilio_auth_token", "public_url"),
    }
    missing = {
        name: provider
        for provider, names in wanted.items()
        for name in names
        if provider in (settings.email, settings.sms) and not getattr(settings, name)
    }
    problems = [
        Problem(f"{PREFIX}{name.upper()}", f"is missing, but {provider} needs it", "see docs/settings.md")
        for name, provider in missing.items()
    ]
    senders = (settings.twilio_messaging_service_sid, settings.twilio_from)
    if settings.sms == "twilio" and not any(senders):
        where = f"{PREFIX}TWILIO_MESSAGING_SERVICE_SID"
        problems.append(Problem(where, "is missing", f"set it, or {PREFIX}TWILIO_FROM"))
    return problems


def _placeholders(settings: Settings) -> list[Problem]:
    problems = []
    if settings.public_url and not settings.public_url.startswith("https://"):
        where = f"{PREFIX}PUBLIC_URL"
        problems.append(Problem(where, "is not https", "customers' links and callbacks need it"))
    url = make_url(settings.database_url)
    if url.get_backend_name() == "postgresql" and (url.password or "").lower() in PLACEHOLDERS:
        problems.append(
            Problem(
                f"{PREFIX}DATABASE_URL", "has no password, or a placeholder", "set a password of your own"
            )
        )
    for name, secret in (("API_TOKEN", settings.api_token), ("SECRET_KEY", settings.secret_key)):
        token = secret.get_secret_value() if secret else None
        if token is None:
            problems.append(Problem(f"{PREFIX}{name}", "is missing", "set 20 or more random characters"))
        elif token.lower() in PLACEHOLDERS or len(token) < MIN_TOKEN:
            what = "is a placeholder or too short"
            problems.append(Problem(f"{PREFIX}{name}", what, "set 20 or more random characters"))
    return problems
