"""The nightly fit over a shop's orders: what serves, what is stored, and who has a score."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete
from sqlmodel import col, select

from activities.models.fit import ShopFit, fit_models
from dev.simulated.filling import fill_orders
from dev.simulated.shops import draw_orders
from storage.database import Database
from storage.queries.campaigns.insight import BUYING_CYCLE, VALUE_SHARES
from storage.queries.models.fits import LIFETIME_VALUE, Score, fitted_since, newest_fit, save_scores, scored
from storage.tables import CustomerScoreRow, OrderRow, ShopModelRow
from tests.facts import PLACED

WEEKS = 104
FIRST = PLACED - timedelta(weeks=WEEKS)


def fit(database: Database) -> tuple[ShopFit, int]:
    """Fit, and count the heartbeats."""
    beats: list[int] = []
    return fit_models(database, "USD", PLACED, lambda: beats.append(1)), len(beats)


def stored(database: Database, name: str) -> ShopModelRow:
    """Return the newest fit of a model."""
    with database.reading() as session:
        row = newest_fit(session, name)
    assert row
    return row


def test_a_shop_with_enough_orders_is_served_by_the_models(database: Database) -> None:
    """Parameters, quality against both simpler rules, and a score for everybody who is not erased."""
    fill_orders(database, draw_orders(3_000, WEEKS, 1), FIRST)
    fitted, beats = fit(database)
    assert (fitted.lifetime_value, fitted.buying_cycle, fitted.scored) == ("model", "model", 3_000)
    assert beats > 10
    value = stored(database, LIFETIME_VALUE)
    assert value.parameters["r"] == pytest.approx(0.243, rel=0.3)
    assert set(value.quality["error"]) == {"model", "own-rate", "shop-mean"}
    assert value.quality["error"]["model"]["value"] < value.quality["error"]["own-rate"]["value"]
    cycle = stored(database, BUYING_CYCLE)
    assert cycle.parameters["residuals"]["0.8"] < cycle.parameters["residuals"]["0.95"]
    assert cycle.quality["coverage"]["0.8"] == pytest.approx(0.8, abs=0.03)
    assert stored(database, VALUE_SHARES).serves == "measured"
    with database.reading() as session:
        rows = session.exec(select(CustomerScoreRow)).all()
        assert {row.model_id for row in rows} == {value.id}
    assert sum(row.predicted_value or 0 for row in rows) / len(rows) == pytest.approx(30, rel=0.3)
    assert all(row.alive is not None and 0 < row.alive <= 1 for row in rows)
    assert fitted_since(database, PLACED)
    assert not fitted_since(database, PLACED + timedelta(seconds=1))


def test_a_young_shop_is_refused_and_simpler_rules_serve(database: Database) -> None:
    """Too little history: the fit says so, and whichever simpler rule erred less predicts."""
    fill_orders(database, draw_orders(500, 30, 2), PLACED - timedelta(weeks=30))
    fitted, _ = fit(database)
    assert fitted.lifetime_value in ("own-rate", "shop-mean")
    assert fitted.buying_cycle == "none"
    value, cycle = stored(database, LIFETIME_VALUE), stored(database, BUYING_CYCLE)
    assert value.why == "too little history: 30 weeks of orders, 39 are needed"
    assert "alpha" not in value.parameters
    assert cycle.why
    assert "gaps ended in the last quarter: at least 500 are needed" in cycle.why
    assert cycle.parameters == {}
    with database.reading() as session:
        assert session.exec(select(CustomerScoreRow.alive).distinct()).all() == [None]


def test_a_shop_without_orders_has_no_scores(database: Database) -> None:
    """Nothing serves, and both fits say why."""
    assert fit(database)[0] == ShopFit("none", "none", 0)
    assert stored(database, LIFETIME_VALUE).why == "too little history: 0 weeks of orders, 39 are needed"


def test_scores_of_an_earlier_fit_go(database: Database) -> None:
    """A second fit replaces every score; whoever has no kept order any more has none."""
    orders = draw_orders(300, WEEKS, 3)
    fill_orders(database, orders, FIRST)
    assert fit(database)[0].scored == 300
    with database.transaction() as session:
        session.connection().execute(delete(OrderRow).where(col(OrderRow.customer_id) == "s-7"))
    assert fit(database)[0].scored == 299
    newest = stored(database, LIFETIME_VALUE).id
    with database.reading() as session:
        assert newest
        assert scored(session, newest) == 299
        assert session.get(CustomerScoreRow, "s-7") is None


def test_a_customer_who_was_erased_meanwhile_gets_no_score(database: Database) -> None:
    """Who is gone by the time that scores are saved is left out, and nobody else's is lost."""
    fill_orders(database, draw_orders(50, WEEKS, 4), FIRST)
    fit(database)
    model = stored(database, LIFETIME_VALUE).id
    score = Score("s-1", Decimal("12.50"), 1.5, None)
    with database.transaction() as session:
        assert model
        assert save_scores(session, model, [score, replace(score, customer_id="gone")], PLACED) == 1
        row = session.get_one(CustomerScoreRow, "s-1", populate_existing=True)
    assert (row.predicted_value, row.expected_orders, row.alive) == (Decimal("12.50"), 1.5, None)
