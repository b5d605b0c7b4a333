"""Fit the shop's models over its own orders, choose by the last quarter what serves, and score customers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from activities.models.customers import buyers_of, held_out_of
from activities.models.cycles import fit_gaps
from campaign.customers.lifetime_value.serving import Fitted, Serves, fit_shop
from storage.batches import batches
from storage.database import Database
from storage.queries.campaigns.insight import BUYING_CYCLE
from storage.queries.models.fits import LIFETIME_VALUE, Score, drop_other_scores, save_scores, store_fit
from storage.queries.models.purchases import Spending, in_sample, one_in, spending
from storage.queries.shop.value_shares import store_value_shares

QUARTER = timedelta(days=91)
AHEAD = timedelta(days=365)
MOST_FITTED = 20_000
"""Customers of a larger shop are sampled for the fit: more of them change no digit that matters."""
_WEEK = timedelta(days=7)
_SCORED_AT_ONCE = 500
_CENT = Decimal("0.01")

Beat = Callable[[], None]


@dataclass(frozen=True)
class ShopFit:
    """What serves now for lifetime value and for the buying cycle, and how many customers have a score."""

    lifetime_value: str
    buying_cycle: str
    scored: int


def fit_models(database: Database, currency: str, now: datetime, beat: Beat) -> ShopFit:
    """Fit and store everything. ``beat`` is called again and again, at most some seconds apart.

    Done again, it adds newer fits; what it had stored before stays.
    """
    with database.reading() as session:
        parts = one_in(session, MOST_FITTED)
    cycle = fit_gaps(database, now, now - QUARTER, parts, beat)
    with database.transaction() as session:
        store_fit(session, BUYING_CYCLE, now, **asdict(cycle))
        store_value_shares(session, currency, now)
    beat()
    fitted = _fit_customers(database, currency, now, parts, beat)
    with database.transaction() as session:
        model_id = store_fit(session, LIFETIME_VALUE, now, **_stored(fitted))
    scores = 0
    for batch in _scores(database, currency, fitted, now):
        with database.transaction() as session:
            scores += save_scores(session, model_id, batch, now)
        beat()
    with database.transaction() as session:
        drop_other_scores(session, model_id)
    return ShopFit(fitted.serves.value, cycle.serves, scores)


def _fit_customers(database: Database, currency: str, now: datetime, parts: int, beat: Beat) -> Fitted:
    with database.reading() as session:
        rows = []
        for batch in batches(spending(session, currency, now - QUARTER, now), 1_000):
            rows += [row for row in batch if in_sample(row.customer_id, parts)]
            beat()
    return fit_shop(buyers_of(rows, now), held_out_of(rows, now - QUARTER), beat)


def _scores(database: Database, currency: str, fitted: Fitted, now: datetime) -> Iterator[list[Score]]:
    """Give every customer's score, some at once. None where nothing serves."""
    if fitted.serves is Serves.NOTHING:
        return
    with database.reading() as session:
        for rows in batches(spending(session, currency, now - QUARTER, now), _SCORED_AT_ONCE):
            yield _scored(fitted, rows, now)


def _scored(fitted: Fitted, rows: list[Spending], now: datetime) -> list[Score]:
    predicted = fitted.predictor.predict(fitted.serves, buyers_of(rows, now), AHEAD / _WEEK)
    alive = predicted.alive if predicted.alive is not None else (None for _ in rows)
    return [
        Score(
            row.customer_id, Decimal(float(value)).quantize(_CENT), float(orders),
            None if probability is None else float(probability),
        )
        for row, value, orders, probability in zip(
            rows, predicted.value, predicted.orders, alive, strict=False
        )
    ]  # fmt: skip


def _stored(fitted: Fitted) -> dict[str, Any]:
    """Return a fit as it is stored."""
    predictor = fitted.predictor
    parameters = {"rate": predictor.rate, "spend": predictor.spend}
    models = (asdict(model) for model in (predictor.orders, predictor.spends) if model)
    return {
        "serves": fitted.serves.value,
        "why": fitted.why,
        "parameters": dict(chain(parameters.items(), *(model.items() for model in models))),
        "quality": fitted.quality,
    }
