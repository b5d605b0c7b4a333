"""`afterglow shop check`: is a shop connected, what was received, and does a test event arrive?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from intake.shop.events import ShopRequest, keep_refused
from starter import clock
from starter.__main__ import app
from starter.shops.systems import SHOPIFY, WOOCOMMERCE
from storage.database import Database
from tests.shop_calls import SECRETS, calling_shops
from tests.shop_news import ShopSystem, news_of, shop_order

Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """The command, with Shopify's secret set."""
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    monkeypatch.setenv("AFTERGLOW_SHOPIFY_SECRET", SECRETS["shopify"])
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["shop", "check", *words])
        return result.exit_code, result.output

    return run


def test_a_shop_that_has_reported_is_well(check: Check, database: Database) -> None:
    """Each topic with the time and the outcome of its last event; those never received say so."""
    request = ShopRequest.of("shopify", "orders/paid", "e-1", b"{}")
    ShopSystem(database).deliver(request, news_of(shop_order()), clock.now())
    code, text = check()
    assert code == 0, text
    assert "webhooks to http://127.0.0.1:8080/webhooks/shopify" in text
    paid = next(line for line in text.splitlines() if "orders/paid" in line)
    assert "history" in paid
    assert f"{clock.now():%Y-%m-%d}" in paid
    assert all(topic in text for topic in SHOPIFY.topics)
    assert "never" in text
    assert "all is well" in text
    assert "WooCommerce" not in text


def test_what_is_wrong_is_named(check: Check, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """No event so far, no secret, a weak one, a refused request: each ends with code 1."""
    code, text = check()
    assert (code, "nothing has been received yet" in text) == (1, True)
    code, text = check("woocommerce")
    assert (code, "AFTERGLOW_WOOCOMMERCE_SECRET is not set" in text) == (1, True)
    with database.transaction() as session:
        keep_refused(session, ShopRequest.of("shopify", "orders/paid", "e-1", b"?"), clock.now())
    code, text = check("shopify")
    assert (code, "1 request could not be applied" in text) == (1, True)
    monkeypatch.setenv("AFTERGLOW_SHOPIFY_SECRET", "short")
    code, text = check("shopify")
    assert (code, "can be guessed" in text) == (1, True)
    assert "short" not in text, "a secret is not shown"


def test_without_any_shop_it_says_what_to_set(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of both settings."""
    monkeypatch.delenv("AFTERGLOW_SHOPIFY_SECRET")
    code, text = check()
    assert code == 1
    assert all(f"AFTERGLOW_{system.setting.upper()}" in text for system in (SHOPIFY, WOOCOMMERCE))


@pytest.mark.parametrize("shop", ["shopify", "woocommerce"])
def test_a_test_event_arrives(
    check: Check, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shop: str
) -> None:
    """It goes to the running web server over HTTP, signed, and is found in the database."""
    monkeypatch.setenv("AFTERGLOW_WOOCOMMERCE_SECRET", SECRETS["woocommerce"])
    with calling_shops(database, tmp_path) as calls:
        code, text = check(shop, "--send-test", "--url", str(calls.http.base_url))
    assert "the test event arrived" in text
    assert "is in the database" in text
    assert "itself has sent nothing yet" in text
    assert code == 0, text


def test_a_test_event_needs_a_secret(check: Check) -> None:
    """Without one it says that nothing was sent, and what to set."""
    code, text = check("woocommerce", "--send-test")
    assert (code, "no test event was sent" in text) == (1, True)
    assert "AFTERGLOW_WOOCOMMERCE_SECRET is not set" in text


def test_a_test_event_that_does_not_arrive(check: Check, database: Database, tmp_path: Path) -> None:
    """Nobody there, or another secret: it says what to look at."""
    code, text = check("--send-test", "--url", "http://127.0.0.1:9")
    assert (code, "cannot be reached" in text) == (1, True)
    with calling_shops(database, tmp_path, shopify_secret="another-secret-of-20-chars") as calls:  # noqa: S106
        code, text = check("--send-test", "--url", str(calls.http.base_url))
    assert (code, "it runs with another secret" in text) == (1, True)
