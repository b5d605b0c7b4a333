"""Settings from the environment (``AFTERGLOW_*``) and a ``.env`` file. Temporal's own are Temporal's.

Everything wrong is listed at once. Placeholders are refused in production, and wherever customers or
strangers are reached: with a real provider, or at a public address.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from campaign.errors import BadSettings, Problem
from campaign.problems import Form, problems_of
from channels.sendgrid.keys import normal_key

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
MIN_DISTINCT = 8
RANDOM = f"set {MIN_TOKEN} or more random characters"

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
    email_rate: Annotated[float, Field(gt=0, le=10_000)] = 50.0
    sms_rate: Annotated[float, Field(gt=0, le=10_000)] = 10.0
    concurrency: Annotated[int, Field(ge=1, le=200)] = 16
    workers: Annotated[int, Field(ge=1, le=200)] | None = None  # the former name of `concurrency`
    shutdown_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    health_host: str = "127.0.0.1"
    health_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    metrics_address: str | None = None
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
    def production(self) -> bool:
        """Whether this is an operator's production: the tables are changed by `afterglow migrate` only."""
        return self.environment is Environment.PRODUCTION

    @property
    def exposed_by(self) -> str | None:
        """Return the setting by which customers or strangers are reached; None where all stays here.

        What is exposed runs with production's checks, whatever ``AFTERGLOW_ENVIRONMENT`` says: own secret,
        API token, https and brand.
        """
        if self.production:
            return f"{PREFIX}ENVIRONMENT=production"
        for name in ("email", "sms"):
            if (provider := getattr(self, name)) != "outbox":
                return f"{PREFIX}{name.upper()}={provider}"
        return (
            f"a public {PREFIX}PUBLIC_URL"
            if self.public_url and not _on_this_machine(self.public_url)
            else None
        )

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return the keys that links are accepted with, newest first; the first one signs."""
        return (self.secret_key.get_secret_value(), *_listed(self.previous_secret_keys))


def load_settings() -> Settings:
    """Read and check the environment.

    Raises:
        BadSettings: with every setting that is wrong, by the name of its variable.
    """
    try:
        settings, wrong = Settings(), []
    except ValidationError as error:
        wrong = [_by_variable(problem) for problem in problems_of(error)]
        settings = _without(error)
    problems = [*wrong, *_unknown_variables(), *_consequences(settings, {problem.where for problem in wrong})]
    if problems:
        raise BadSettings(problems)
    return settings


def _without(error: ValidationError) -> Settings:
    """Return the settings with the defaults for what is wrong, so that the rest can be checked too."""
    names = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
    return Settings.model_validate({name: Settings.model_fields[name].get_default() for name in names})


def _consequences(settings: Settings, known: set[str]) -> list[Problem]:
    """List what the settings need of each other, but for the ``known`` wrong ones."""
    problems = _provider_problems(settings)
    if settings.exposed_by:
        problems += _exposure_problems(settings, settings.exposed_by)
    return [problem for problem in problems if problem.where not in known]


def _by_variable(problem: Problem) -> Problem:
    return Problem(f"{PREFIX}{problem.where.upper()}", problem.what, problem.fix)


def _nearest(name: str, known: set[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"did you mean {close[0]}? See docs/settings.md" if close else "see docs/settings.md"


def _unknown_variables() -> list[Problem]:
    """List what is no setting, in the environment and in the ``.env`` file, in either case."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    given = {name.upper() for name in (*os.environ, *DotEnvSettingsSource(Settings).env_vars)}
    return [
        Problem(name, "no such setting", _nearest(name, known))
        for name in sorted(given - known)
        if name.startswith(PREFIX)
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
    problems += _webhook_key_problems(settings)
    senders = (settings.twilio_messaging_service_sid, settings.twilio_from)
    if settings.sms == "twilio" and not any(senders):
        where = f"{PREFIX}TWILIO_MESSAGING_SERVICE_SID"
        problems.append(Problem(where, "is missing", f"set it, or {PREFIX}TWILIO_FROM"))
    return problems


def _webhook_key_problems(settings: Settings) -> list[Problem]:
    """Refuse at start a key with which every callback would be refused later."""
    try:
        if settings.sendgrid_webhook_key:
            normal_key(settings.sendgrid_webhook_key)
    except ValueError:
        what = "is no public key of SendGrid's event webhook"
        fix = "copy it from Mail Settings, Signed Event Webhook: base64 or PEM"
        return [Problem(f"{PREFIX}SENDGRID_WEBHOOK_KEY", what, fix)]
    return []


def _exposure_problems(settings: Settings, why: str) -> list[Problem]:
    """List what may not face the world; ``why`` names the setting that makes it do so."""
    problems = [
        Problem(f"{PREFIX}{name.upper()}", f"is not https ({why})", "keys and addresses go there")
        for name in ("sendgrid_api_base", "twilio_api_base")
        if (base := getattr(settings, name)).startswith("http:") and not _on_this_machine(base)
    ]
    if settings.public_url and not settings.public_url.startswith("https://"):
        what = f"is not https ({why})"
        problems.append(Problem(f"{PREFIX}PUBLIC_URL", what, "customers' links and callbacks need it"))
    url = make_url(settings.database_url)
    if url.get_backend_name() == "postgresql" and (url.password or "").lower() in PLACEHOLDERS:
        what = f"has no password, or a placeholder ({why})"
        problems.append(Problem(f"{PREFIX}DATABASE_URL", what, "set a password of your own"))
    for name, secret in _secrets(settings):
        if secret is None:
            problems.append(Problem(f"{PREFIX}{name}", f"is missing ({why})", RANDOM))
        elif _is_weak(secret):
            problems.append(Problem(f"{PREFIX}{name}", f"is a placeholder or too short ({why})", RANDOM))
    return problems


def _is_weak(secret: str) -> bool:
    """Say whether a secret could be guessed: a placeholder, short, or the same few characters repeated."""
    bare = secret.strip()
    return bare.lower() in PLACEHOLDERS or len(bare) < MIN_TOKEN or len(set(bare)) < MIN_DISTINCT


def _secrets(settings: Settings) -> Iterator[tuple[str, str | None]]:
    yield "API_TOKEN", settings.api_token.get_secret_value() if settings.api_token else None
    yield "SECRET_KEY", settings.secret_key.get_secret_value()
    for key in _listed(settings.previous_secret_keys):
        yield "PREVIOUS_SECRET_KEYS", key


def _listed(value: SecretStr) -> list[str]:
    return [part.strip() for part in value.get_secret_value().split(",") if part.strip()]


def _on_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
