"""Loading the settings, and what they need of each other: everything wrong is listed at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches

from pydantic import ValidationError
from pydantic_settings import DotEnvSettingsSource
from sqlalchemy.engine import make_url

from campaign.errors import BadSettings, Problem
from campaign.problems import problems_of
from channels.sendgrid.keys import normal_key
from settings.model import PREFIX, Settings, listed, on_this_machine

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
        for name in ("sendgrid_api_base", "twilio_api_base", "shopify_store", "loyalty_url")
        if (base := getattr(settings, name) or "").startswith("http:") and not on_this_machine(base)
    ]
    if settings.public_url and not settings.public_url.startswith("https://"):
        what = f"is not https ({why})"
        problems.append(Problem(f"{PREFIX}PUBLIC_URL", what, "customers' links and callbacks need it"))
    url = make_url(settings.database_url)
    if url.get_backend_name() == "postgresql" and (url.password or "").lower() in PLACEHOLDERS:
        what = f"has no password, or a placeholder ({why})"
        problems.append(Problem(f"{PREFIX}DATABASE_URL", what, "set a password of your own"))
    for name, secret in _secrets(settings):
        if is_weak(secret):
            problems.append(Problem(f"{PREFIX}{name}", f"is a placeholder or too short ({why})", RANDOM))
    return problems


def is_weak(secret: str) -> bool:
    """Say whether a secret could be guessed: a placeholder, short, or the same few characters repeated."""
    bare = secret.strip()
    return bare.lower() in PLACEHOLDERS or len(bare) < MIN_TOKEN or len(set(bare)) < MIN_DISTINCT


def _secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.api_token:
        yield "API_TOKEN", settings.api_token.get_secret_value()
    yield "SECRET_KEY", settings.secret_key.get_secret_value()
    lists = ("previous_secret_keys", "shopify_secret", "woocommerce_secret")
    yield from ((name.upper(), key) for name in lists for key in listed(getattr(settings, name)))
