"""Settings and the worker's start: everything wrong is listed at once, and secrets stay secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from campaign.errors import BadSettings
from settings import Environment, load_settings
from tests.facts import ROOT
from worker.run import deployment


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


def test_placeholders_are_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """No token, a short one or a sample password stop the start; good ones do not."""
    monkeypatch.setenv("AFTERGLOW_ENVIRONMENT", "production")
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", "postgresql://shop:change-me@db/afterglow")
    assert "AFTERGLOW_API_TOKEN: is missing" in refused()
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
