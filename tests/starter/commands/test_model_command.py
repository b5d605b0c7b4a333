"""`afterglow model`: what was fitted, what serves, and a fit by hand."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from typer.testing import CliRunner

from activities.models.fit import fit_models as fit_here
from campaign.errors import Unavailable
from dev.simulated.filling import fill_orders
from dev.simulated.shops import draw_orders
from settings import load_settings
from starter import clock
from starter.__main__ import app
from starter.models import BY_HAND, fit_models, model_report
from storage.database import Database
from storage.migrate import ensure_schema
from tests.facts import PLACED
from tests.shop import Shop


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The database that the command opens."""
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    opened = Database(load_settings().database_url)
    ensure_schema(opened, may_upgrade=True)
    return opened


def run(*words: str) -> str:
    """Run the command, and return what it prints."""
    result = CliRunner().invoke(app, ["model", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def fit(database: Database, customers: int, weeks: int) -> None:
    """Fill the shop, and fit its models."""
    fill_orders(database, draw_orders(customers, weeks, 1), PLACED - timedelta(weeks=weeks))
    fit_here(database, "USD", PLACED, lambda: None)


def test_a_shop_that_was_never_fitted_shows_how(own: Database) -> None:
    """Nothing is there yet, and the command that makes it is named."""
    assert run().count("not fitted yet") == 2
    assert json.loads(run("--json")) == {"lifetime_value": None, "buying_cycle": None}
    own.close()


def test_what_serves_is_shown_with_what_was_measured(own: Database) -> None:
    """The models serve: date, parameters, all three errors, calibration, the quantiles' coverage."""
    fit(own, 3_000, 104)
    shown = run()
    assert "Lifetime value: the model serves, fitted 2026-03-02 15:00 UTC" in shown
    assert "Customers: 3000, returning: " in shown
    for word in ("alpha", "each customer's own rate", "the shop's mean", "Predicted", "Real"):
        assert word in shown
    assert "Buying cycle: the model serves" in shown
    assert "80% quantile: " in shown
    assert "Median error of own-median: " in shown
    report = json.loads(run("--json"))
    assert report["lifetime_value"]["scored"] == 3_000
    assert report["buying_cycle"]["quality"]["coverage"]["0.8"] == pytest.approx(0.8, abs=0.03)
    own.close()


def test_a_refusal_is_shown_with_its_reason(own: Database) -> None:
    """A young shop: a simpler rule serves, nothing does for the cycle, and the rule that refused is named."""
    fit(own, 300, 30)
    shown = run()
    assert "Why: too little history: 30 weeks of orders, 39 are needed" in shown
    assert "Buying cycle: nothing serves" in shown
    assert "at least 500 are needed" in shown
    own.close()


@pytest.mark.temporal
async def test_a_fit_by_hand_is_done_by_the_worker(shop: Shop) -> None:
    """It returns what serves, and the report has it."""
    fill_orders(shop.database, draw_orders(60, 20, 1), clock.now() - timedelta(weeks=20))
    fitted = await fit_models(shop.client, timedelta(minutes=2))
    with shop.database.reading() as session:
        report = model_report(session)
    assert report["lifetime_value"]["serves"] == fitted["lifetime_value"]
    assert report["lifetime_value"]["scored"] == fitted["scored"]
    assert fitted["scored"] > 50


@pytest.mark.temporal
async def test_without_a_worker_a_fit_by_hand_does_not_wait_for_ever(client: Client) -> None:
    """After the time it may take, the error says what to look at."""
    try:
        with pytest.raises(Unavailable, match="is a worker running"):
            await fit_models(client, timedelta(milliseconds=50))
    finally:
        await client.get_workflow_handle(BY_HAND).terminate()
