"""Settings and the worker's start: everything wrong is listed at once, and secrets stay secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from campaign.errors import BadCampaign, BadSettings
from settings import Environment, load_settings
from storage.database import Database
from tests.callbacks import KEY, PUBLIC_KEY
from tests.facts import ROOT
from worker.run import deployment, make_activities


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but a test's own."""
    for name in [name for name in os.environ if name.startswith("AFTERGLOW_")]:
        monkeypatch.delenv(name)


def refused() -> str:
    """The refusal of the environment, as an operator reads it."""
    with pytest.raises(BadSettings) as caught:
        load_settings()
    return str(caught.value)


def test_the_defaults_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing set: development, SQLite and outbox below the home."""
    monkeypatch.setenv("AFTERGLOW_HOME", "/srv/shop")
    settings = load_settings()
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.database_url == "sqlite:////srv/shop/afterglow.db"
    assert str(settings.outbox) == "/srv/shop/outbox"


def test_every_wrong_setting_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several mistakes come in one message, by the variables' names, unknown ones too."""
    wrong = {
        "EMAIL": "fax",
        "EMAIL_RATE": "-1",
        "DATABASE_URL": "mysql://x",
        "HEALTH_PORT": "99999",
        "EMIAL": "x",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(f"AFTERGLOW_{name}", value)
    text = refused()
    for name in wrong:
        assert f"AFTERGLOW_{name}: " in text
    assert "AFTERGLOW_EMIAL: no such setting - did you mean AFTERGLOW_EMAIL?" in text


def test_placeholders_are_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short token or a sample password stop the start; good ones do not. Without a token there are keys."""
    monkeypatch.setenv("AFTERGLOW_ENVIRONMENT", "production")
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", "postgresql://shop:change-me@db/afterglow")
    assert "AFTERGLOW_API_TOKEN" not in refused()
    monkeypatch.setenv("AFTERGLOW_API_TOKEN", "change-me")
    text = refused()
    assert "AFTERGLOW_DATABASE_URL: has no password, or a placeholder" in text
    assert "AFTERGLOW_API_TOKEN: is a placeholder or too short" in text
    assert "AFTERGLOW_SECRET_KEY: is a placeholder or too short" in text
    monkeypatch.setenv("AFTERGLOW_API_TOKEN", "q8Zt3vN0bK7yW2xR5mLd")
    monkeypatch.setenv("AFTERGLOW_SECRET_KEY", "Yx7cP2mQ9sVb4nKt8wLf")
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", "postgresql://shop:t9Wq-4kP@db/afterglow")
    settings = load_settings()
    assert settings.production
    assert "q8Zt3vN0bK7yW2xR5mLd" not in repr(settings)


@pytest.mark.parametrize("name", ["SHOPIFY_SECRET", "WOOCOMMERCE_SECRET"])
def test_a_shops_placeholder_is_refused_in_production(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whoever guesses the secret can make orders: each one of the list is held against it."""
    monkeypatch.setenv("AFTERGLOW_ENVIRONMENT", "production")
    monkeypatch.setenv(f"AFTERGLOW_{name}", "zD4kq9XwT2mVb7Rn5sJc,change-me")
    assert f"AFTERGLOW_{name}: is a placeholder or too short" in refused()
    monkeypatch.setenv(f"AFTERGLOW_{name}", "zD4kq9XwT2mVb7Rn5sJc, 7f0c4a9d13be58e2c6aa")
    assert f"AFTERGLOW_{name}" not in refused()


REAL = {
    "EMAIL": "sendgrid",
    "SENDGRID_API_KEY": "SG.key",
    "SENDGRID_WEBHOOK_KEY": PUBLIC_KEY,
    "SMS": "twilio",
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM": "+12025550100",
}
KEYS = {"API_TOKEN": "q8Zt3vN0bK7yW2xR5mLd", "SECRET_KEY": "Yx7cP2mQ9sVb4nKt8wLf"}


@pytest.mark.parametrize(
    ("given", "public", "why"),
    [
        (("EMAIL", "SENDGRID"), "http://127.0.0.1:8080", "AFTERGLOW_EMAIL=sendgrid"),
        (("SMS", "TWILIO"), "http://127.0.0.1:8080", "AFTERGLOW_SMS=twilio"),
        ((), "https://news.shop.com", "a public AFTERGLOW_PUBLIC_URL"),
        ((), "http://203.0.113.7", "a public AFTERGLOW_PUBLIC_URL"),
    ],
)
def test_who_can_be_reached_needs_what_production_needs(
    monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], public: str, why: str
) -> None:
    """A real provider or public address: sample secrets and brand are refused, the interface needs keys."""
    monkeypatch.setenv("AFTERGLOW_PUBLIC_URL", public)
    for name, value in REAL.items():
        if name.startswith(given or ("-",)):
            monkeypatch.setenv(f"AFTERGLOW_{name}", value)
    text = refused()
    assert f"AFTERGLOW_SECRET_KEY: is a placeholder or too short ({why})" in text
    assert ("AFTERGLOW_PUBLIC_URL: is not https" in text) == public.startswith("http://")
    monkeypatch.setenv("AFTERGLOW_PUBLIC_URL", "https://news.shop.com")
    for name, value in KEYS.items():
        monkeypatch.setenv(f"AFTERGLOW_{name}", value)
    settings = load_settings()
    assert settings.exposed_by
    assert not settings.open_without_keys
    with pytest.raises(BadCampaign, match="brand"):
        make_activities(settings, Database(settings.database_url))


@pytest.mark.parametrize(
    ("host", "is_open"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)],  # noqa: S104
)
def test_only_what_listens_on_this_machine_may_be_open(
    monkeypatch: pytest.MonkeyPatch, host: str, *, is_open: bool
) -> None:
    """Without a key the interface is open at a loopback address in development, and nowhere else."""
    monkeypatch.setenv("AFTERGLOW_WEB_HOST", host)
    assert load_settings().open_without_keys == is_open


@pytest.mark.parametrize("public", ["http://127.0.0.1:8080", "http://localhost:8080/x", "https://[::1]"])
def test_what_stays_on_this_machine_needs_no_secrets(monkeypatch: pytest.MonkeyPatch, public: str) -> None:
    """The outbox at a loopback address runs at once, as `make dev` does."""
    monkeypatch.setenv("AFTERGLOW_PUBLIC_URL", public)
    assert load_settings().exposed_by is None


def test_previous_secret_keys_are_as_long_as_the_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come newest first; an old placeholder among them would let links be forged, so it is refused."""
    monkeypatch.setenv("AFTERGLOW_ENVIRONMENT", "production")
    for name, value in KEYS.items():
        monkeypatch.setenv(f"AFTERGLOW_{name}", value)
    monkeypatch.setenv("AFTERGLOW_PREVIOUS_SECRET_KEYS", "Kd83mS0qPzXv5tYw1nRb, development")
    assert "AFTERGLOW_PREVIOUS_SECRET_KEYS: is a placeholder or too short" in refused()
    monkeypatch.setenv("AFTERGLOW_PREVIOUS_SECRET_KEYS", "Kd83mS0qPzXv5tYw1nRb, Lw92nT1rQaYw6uZx2oSc")
    settings = load_settings()
    assert settings.secret_keys == (KEYS["SECRET_KEY"], "Kd83mS0qPzXv5tYw1nRb", "Lw92nT1rQaYw6uZx2oSc")
    assert "Kd83mS0qPzXv5tYw1nRb" not in repr(settings)


def test_what_is_wrong_in_itself_and_what_is_missing_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value of the wrong form does not hide what another setting still needs; none is listed twice."""
    monkeypatch.setenv("AFTERGLOW_SMS", "twilio")
    monkeypatch.setenv("AFTERGLOW_TWILIO_ACCOUNT_SID", "wrong")
    monkeypatch.setenv("AFTERGLOW_EMAIL_RATE", "-1")
    text = refused()
    for name in ("EMAIL_RATE", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PUBLIC_URL", "SECRET_KEY"):
        assert text.count(f"AFTERGLOW_{name}: ") == 1, name
    assert "write the SID, which begins with AC" in text


def test_versioned_workers_upgrade_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a deployment and a build id the worker is versioned, auto-upgrading; without, it is not."""
    assert deployment(load_settings()) is None
    monkeypatch.setenv("AFTERGLOW_DEPLOYMENT", "shop")
    monkeypatch.setenv("AFTERGLOW_BUILD_ID", "2026-03-01")
    config = deployment(load_settings())
    assert config is not None
    assert config.default_versioning_behavior.name == "AUTO_UPGRADE"


@pytest.mark.parametrize("module", ["worker", "web"])
def test_a_process_says_why_it_does_not_start(module: str, tmp_path: Path) -> None:
    """The real process ends with code 2 and lists every wrong setting."""
    environment = {
        **os.environ,
        "AFTERGLOW_EMAIL": "fax",
        "AFTERGLOW_SMS_RATE": "0",
        "AFTERGLOW_HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", module], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "AFTERGLOW_EMAIL: " in done.stderr
    assert "AFTERGLOW_SMS_RATE: " in done.stderr


def test_a_worker_without_temporal_ends_with_one_line(tmp_path: Path) -> None:
    """Code 1 and the reason, no traceback: Temporal is not there."""
    place = {"AFTERGLOW_HOME": str(tmp_path), "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-m", "worker"],
        cwd=ROOT,
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "does not start: no Temporal server at 127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_worker_refuses_a_broken_campaign(tmp_path: Path) -> None:
    """A campaign with mistakes stops the start, with the mistakes."""
    (tmp_path / "bad.toml").write_text('name = "x"\n', "utf-8")
    place = {"AFTERGLOW_HOME": str(tmp_path), "AFTERGLOW_CAMPAIGN": str(tmp_path / "bad.toml")}
    done = subprocess.run(
        [sys.executable, "-m", "worker"],
        cwd=ROOT,
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "bad.toml: brand: is missing" in done.stderr


def test_a_webhook_key_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """B26: found at start, not as a refused callback months later; a PEM is fine."""
    monkeypatch.setenv("AFTERGLOW_SENDGRID_WEBHOOK_KEY", "SG.not-a-key")
    assert "AFTERGLOW_SENDGRID_WEBHOOK_KEY: is no public key" in refused()
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    monkeypatch.setenv("AFTERGLOW_SENDGRID_WEBHOOK_KEY", pem)
    load_settings()


def test_the_former_name_of_concurrency_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """`AFTERGLOW_WORKERS` counts where `AFTERGLOW_CONCURRENCY` is not set."""
    monkeypatch.setenv("AFTERGLOW_WORKERS", "3")
    assert load_settings().concurrency == 3
    monkeypatch.setenv("AFTERGLOW_CONCURRENCY", "5")
    assert load_settings().concurrency == 5


def test_a_misspelled_name_in_the_env_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`AFTERGLOW_ENVIROMENT=production` in .env does not pass unnoticed; other names are others'."""
    (tmp_path / ".env").write_text("AFTERGLOW_ENVIROMENT=production\nCOMPOSE_FILE=x.yml\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert refused().startswith("AFTERGLOW_ENVIROMENT: no such setting - did you mean AFTERGLOW_ENVIRONMENT?")


@pytest.mark.parametrize("secret", [" " * 24, "a" * 24, "changeme" * 3, "  change-me             "])
def test_long_but_guessable_secrets_are_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    """Length alone makes no secret: blanks, one character, a placeholder repeated or padded."""
    monkeypatch.setenv("AFTERGLOW_ENVIRONMENT", "production")
    for name, value in {**KEYS, "SECRET_KEY": secret}.items():
        monkeypatch.setenv(f"AFTERGLOW_{name}", value)
    assert refused().startswith("AFTERGLOW_SECRET_KEY: is a placeholder or too short")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_TOKEN", "q8Zt3vN0bK7yW2xR5mLd\n"),
        ("API_TOKEN", "z\u00e4ht3vN0bK7yW2xR5mLd"),
        ("PUBLIC_URL", "https://news.shop.com?from=mail"),
        ("PUBLIC_URL", "https://[news"),
        ("PUBLIC_URL", "https://shop:password@news.shop.com"),
        ("SENDGRID_API_BASE", "http://proxy.shop.com"),
        ("TWILIO_API_BASE", "proxy"),
        ("SHOPIFY_STORE", "http://example.myshopify.com"),
        ("LOYALTY_URL", "http://loyalty.shop.com/standings"),
        ("DATABASE_URL", "sqlite://"),
    ],
)
def test_what_cannot_work_is_refused_at_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A token that no header carries, links that lead nowhere, keys in clear, a database in memory."""
    monkeypatch.setenv("AFTERGLOW_ENVIRONMENT", "production")
    for known, good in KEYS.items():
        monkeypatch.setenv(f"AFTERGLOW_{known}", good)
    monkeypatch.setenv(f"AFTERGLOW_{name}", value)
    assert refused().startswith(f"AFTERGLOW_{name}: ")


def test_which_orders_of_a_shop_start_a_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings are what a shop's folder is given; tags are compared in lower case."""
    monkeypatch.setenv("AFTERGLOW_WHOLESALE_TAGS", "Trade, Reseller")
    monkeypatch.setenv("AFTERGLOW_CAMPAIGN_FOR_TEST_ORDERS", "true")
    policy = load_settings().order_policy
    assert policy.wholesale_tags == {"trade", "reseller"}
    assert policy.test_orders
    assert not policy.draft_orders
