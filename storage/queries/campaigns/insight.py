"""What the run's one statement reads of the customer beyond contact data and history, as `Insight`.

Scores and standings are rows by the customer's key. Of the shop's models the statement reads only the newest
id: a model's row never changes, so that it is read once a process.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlmodel import Session

from campaign.facts import Insight, ShopStatistics
from storage.columns import amount_of
from storage.queries.campaigns.fact_rows import as_list
from storage.tables import ShopModelRow

VALUE_SHARES = "value_shares"
"""The model whose ``parameters`` are the values to exceed, by share: ``{"10": "412.50", ...}``."""
BUYING_CYCLE = "buying_cycle"
_NEWEST_ORDERS = 200
_MOST_CATEGORIES = 100
_KEPT_MODELS = 64

COLUMNS = f"""c.tags, score.predicted_value, score.expected_orders, score.alive,
       standing.tier AS loyalty_tier, standing.points AS loyalty_points,
  (SELECT {{all}}(g.category) FROM (
      SELECT DISTINCT a.category FROM order_lines l JOIN products a ON a.sku = l.sku
      WHERE l.returned < l.quantity AND a.category IS NOT NULL AND l.order_id IN (
          SELECT q.id FROM orders q WHERE q.customer_id = c.id
              AND NOT EXISTS (SELECT 1 FROM order_events e WHERE e.order_id = q.id
                              AND e.status IN ('cancelled', 'refunded'))
          ORDER BY q.placed_at DESC LIMIT {_NEWEST_ORDERS})
      ORDER BY a.category LIMIT {_MOST_CATEGORIES}) g) AS categories,
  (SELECT max(m.id) FROM shop_models m WHERE m.name = '{VALUE_SHARES}') AS value_shares_id,
  (SELECT max(m.id) FROM shop_models m WHERE m.name = '{BUYING_CYCLE}') AS buying_cycle_id"""  # noqa: S608 - ours
JOINS = """LEFT JOIN customer_scores score ON score.customer_id = c.id
LEFT JOIN loyalty_standings standing ON standing.customer_id = c.id"""

_models: WeakKeyDictionary[Engine, dict[int, ShopStatistics]] = WeakKeyDictionary()
"""What each model's row says, by id, of each database."""


def insight_of(session: Session, row: Mapping[Any, Any]) -> Insight:
    """Return what the run's row knows of its customer."""
    predicted = row["predicted_value"]
    return Insight(
        predicted_value=None if predicted is None else amount_of(predicted),
        expected_orders=row["expected_orders"],
        alive=row["alive"],
        categories=frozenset(as_list(row["categories"])),
        tags=frozenset(as_list(row["tags"])),
        loyalty_tier=row["loyalty_tier"],
        loyalty_points=row["loyalty_points"],
        shop=ShopStatistics(
            top_values=_model(session, row["value_shares_id"]).top_values,
            buying_cycle=_model(session, row["buying_cycle_id"]).buying_cycle,
        ),
    )


def _model(session: Session, model_id: int | None) -> ShopStatistics:
    if model_id is None:
        return ShopStatistics()
    kept = _models.setdefault(session.connection().engine, {})
    found = kept.get(model_id)
    if found is None:
        # Other threads read and clear it too: what was read is returned, whatever became of it there.
        found = _statistics(session, model_id)
        if len(kept) >= _KEPT_MODELS:
            kept.clear()
        kept[model_id] = found
    return found


def _statistics(session: Session, model_id: int) -> ShopStatistics:
    model = session.get(ShopModelRow, model_id)
    if model is None:
        return ShopStatistics()
    if model.name == VALUE_SHARES:
        values = {int(share): Decimal(value) for share, value in model.parameters.items()}
        return ShopStatistics(top_values=values)
    return ShopStatistics(buying_cycle=model.parameters)
