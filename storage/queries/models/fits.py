"""Fits as they are kept, and the scores that the last one gave each customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from storage.database import Database
from storage.inserts import insert_or_update_all
from storage.queries.people.locks import lock_customers
from storage.tables import CustomerRow, CustomerScoreRow, ShopModelRow

LIFETIME_VALUE = "lifetime_value"


@dataclass(frozen=True, slots=True)
class Score:
    """What is predicted of a customer's coming 365 days. ``alive`` is None where no model serves."""

    customer_id: str
    value: Decimal
    orders: float
    alive: float | None


def store_fit(
    session: Session,
    name: str,
    now: datetime,
    *,
    serves: str,
    why: str | None,
    parameters: dict[str, Any],
    quality: dict[str, Any],
) -> int:
    """Keep a fit, and return its id: it is what serves from now on."""
    row = ShopModelRow(
        name=name, fitted_at=now, serves=serves, why=why, parameters=parameters, quality=quality
    )
    session.add(row)
    session.flush()
    assert row.id is not None  # noqa: S101 - the database has just given it one
    return row.id


def newest_fit(session: Session, name: str) -> ShopModelRow | None:
    """Return the last fit of a model."""
    statement = select(ShopModelRow).where(ShopModelRow.name == name)
    return session.exec(statement.order_by(col(ShopModelRow.id).desc()).limit(1)).first()


def fitted_since(database: Database, then: datetime) -> bool:
    """Return whether the shop's customers have been fitted since."""
    with database.reading() as session:
        fit = newest_fit(session, LIFETIME_VALUE)
        return fit is not None and fit.fitted_at >= then


def save_scores(session: Session, model_id: int, scores: Sequence[Score], now: datetime) -> int:
    """Save customers' scores; whoever has been erased or joined with another since gets none."""
    lock_customers(session, [score.customer_id for score in scores])
    ids = [score.customer_id for score in scores]
    there = set(session.exec(select(CustomerRow.id).where(col(CustomerRow.id).in_(ids))).all())
    rows = [
        {
            "customer_id": score.customer_id, "model_id": model_id, "computed_at": now,
            "predicted_value": score.value, "expected_orders": score.orders, "alive": score.alive,
        }
        for score in scores
        if score.customer_id in there
    ]  # fmt: skip
    insert_or_update_all(session, CustomerScoreRow, rows)
    return len(rows)


def drop_other_scores(session: Session, model_id: int) -> None:
    """Delete the scores of earlier fits: of customers who have no kept order any more."""
    statement = delete(CustomerScoreRow).where(col(CustomerScoreRow.model_id) != model_id)
    session.connection().execute(statement)


def scored(session: Session, model_id: int) -> int:
    """Return how many customers have a score of this fit."""
    statement = select(func.count()).where(CustomerScoreRow.model_id == model_id)
    return session.exec(statement).one()
