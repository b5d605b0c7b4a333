"""From which lifetime value on a customer is among the top 10 % of the shop, for every whole percent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from storage.columns import amount_of
from storage.queries.campaigns.insight import VALUE_SHARES
from storage.tables import ShopModelRow

FEWEST_CUSTOMERS = 100
"""Below that one customer is more than a percent, and the next order moves every share."""

_VALUE = "CAST(o.total AS {number}) - CAST(o.refunded AS {number})"
# Ranks are compared in whole numbers, on either database: customer k + 1 is the first beyond a share of
# `share` percent if k customers are no more than that share, and k + 1 would be.
_SHARES = """
WITH spent AS (
    SELECT o.customer_id, SUM(CASE WHEN {value} > 0 THEN {value} ELSE 0 END) AS value
    FROM orders o WHERE o.currency = :currency
        AND NOT EXISTS (SELECT 1 FROM order_events e WHERE e.order_id = o.id
                        AND e.status IN ('cancelled', 'refunded'))
    GROUP BY o.customer_id),
ranked AS (
    SELECT value, ROW_NUMBER() OVER (ORDER BY value DESC) - 1 AS before, COUNT(*) OVER () AS customers
    FROM spent),
shares AS (
    SELECT value, before, customers, (100 * before + customers - 1) / customers AS share FROM ranked
    WHERE customers >= :fewest)
SELECT share, value FROM shares WHERE share BETWEEN 1 AND 99 AND customers * share / 100 = before"""
_NUMBERS = {"postgresql": "NUMERIC", "sqlite": "REAL"}
_STATEMENTS = {
    dialect: text(_SHARES.format(value=_VALUE.format(number=number))) for dialect, number in _NUMBERS.items()
}


def value_shares(session: Session, currency: str) -> dict[int, Decimal]:
    """Return, by share in percent (1 to 99), the lifetime value that a customer must exceed to be in it.

    Lifetime values are as in `campaign.customers.history.lifetime_value`, of all customers with a kept order
    in ``currency``. Never more customers exceed a value than the share says, also where many have spent the
    same. Empty below `FEWEST_CUSTOMERS`. Reads every order of the shop: for a nightly schedule.
    """
    statement = _STATEMENTS[session.get_bind().dialect.name]
    values = {"currency": currency, "fewest": FEWEST_CUSTOMERS}
    rows = session.connection().execute(statement, values)
    return {int(share): amount_of(round(Decimal(str(value)), 4)) for share, value in rows}


def store_value_shares(session: Session, currency: str, now: datetime) -> ShopModelRow:
    """Measure the shares and keep them: decisions use them from now on."""
    shares = value_shares(session, currency)
    row = ShopModelRow(
        name=VALUE_SHARES,
        fitted_at=now,
        serves="measured" if shares else "none",
        why=None if shares else f"fewer than {FEWEST_CUSTOMERS} customers have a kept order in {currency}",
        parameters={str(share): str(value) for share, value in sorted(shares.items())},
    )
    session.add(row)
    session.flush()
    return row
