"""`afterglow recommend`: what a customer would be shown and why, and what goes with a product."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session
from typer.testing import CliRunner

from campaign.wire import Product, Purchase
from starter import clock
from starter.__main__ import app
from storage.database import Database
from storage.migrate import upgrade
from storage.queries.campaigns.orders import save_order
from storage.queries.people.customers import ensure_customers
from storage.queries.shop.catalogue import save_product
from storage.queries.shop.statistics import refresh_statistics
from tests.shop import OPT_OUT_KEYS


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop in which lids go with pans, and Ada has bought a pan and the coffee that lasts 30 days."""
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    database = Database(f"sqlite:///{tmp_path}/afterglow.db", opt_out_keys=OPT_OUT_KEYS)
    upgrade(database)
    with database.transaction() as session:
        for sku, lasts in (("pan", None), ("lid", None), ("coffee", 30)):
            about = {
                "sku": sku,
                "name": f"The {sku}",
                "url": f"https://x.example.com/{sku}",
                "currency": "USD",
            }
            save_product(session, Product.model_validate({**about, "price": "9.00", "lasts_days": lasts}))
        for number in range(20):
            order(session, f"o-{number}", f"c-{number}", 50, *(["pan", "lid"] if number < 6 else ["coffee"]))
        order(session, "ada-1", "ada", 28, "pan", "coffee")
    refresh_statistics(database, clock.now())
    database.close()
    return tmp_path


def order(session: Session, order_id: str, customer_id: str, days: int, *skus: str) -> None:
    """Save an order of so many days ago."""
    lines = [{"sku": sku, "quantity": 1, "unit_price": "9.00"} for sku in skus]
    values = {
        "order_id": order_id,
        "customer_id": customer_id,
        "placed_at": clock.now() - timedelta(days=days),
    }
    ensure_customers(session, [customer_id])
    save_order(
        session, Purchase.model_validate({**values, "currency": "USD", "total": "9.00", "lines": lines})
    )


def run(*words: str) -> tuple[int, str]:
    """What the command answers."""
    result = CliRunner().invoke(app, ["recommend", *words])
    return result.exit_code, result.stdout + result.stderr


@pytest.mark.usefixtures("home")
def test_a_customers_recommendations_say_why() -> None:
    """The lid goes with the pan, the coffee runs out, the pan is owned; as JSON and as tables."""
    code, text = run("ada", "--json")
    found: dict[str, Any] = json.loads(text)
    lists = {(one["list"], one["sku"], one["kind"], one["why"]) for one in found["lists"]}
    assert code == 0
    assert lists >= {
        ("cross_sell", "lid", "together", "with The pan"),
        ("recommended", "lid", "together", "with The pan"),
        ("replenish", "coffee", "runs_out", "runs out"),
    }
    assert "pan" not in {one["sku"] for one in found["lists"]}
    assert {one["sku"]: one["standing"] for one in found["bought"]} == {"pan": "owned", "coffee": "runs_out"}
    code, text = run("ada")
    assert code == 0
    assert "with The pan" in text
    assert "runs out" in text


@pytest.mark.usefixtures("home")
def test_a_products_pairs_have_their_scores() -> None:
    """Of a SKU: what is bought together with it, and in how many orders; of an unknown one, that it is."""
    code, text = run("pan", "--json")
    (pair,) = json.loads(text)["goes_with"]
    assert (code, pair["sku"], pair["orders"], pair["available"]) == (0, "lid", 6, True)
    assert pair["score"] > 10
    assert "one lasts 30 days, as the catalogue says" in run("coffee")[1]
    assert "The lid" in run("pan")[1]
    code, text = run("nothing")
    assert (code, "no customer and no product nothing" in text) == (1, True)
