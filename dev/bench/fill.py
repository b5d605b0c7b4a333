"""Past orders by the million, made inside the database: a shop that has been there for a while.

Each order has two lines, what became of it, its ended campaign, and one message with its history. All lie
within 90 days, so that the statistics count every one of them. The same SQL fills SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, inspect, text
from sqlmodel import Session, select

from storage.database import Database
from storage.inserts import insert_once
from storage.tables import DefinitionRow, ShopModelRow

PRODUCTS = 1_000
ORDERS_A_CUSTOMER = 5
# Some products are bought far more often than others: products of two numbers that look random.
_SKU = (
    "'p-' || ((({n} * 7919) % {{products}}) * (({n} / 7 * 31 + {n} / {{products}} * 17) % {{products}})"
    " / {{products}})"
)
# What is wanted of each table, by column: expressions over i. A column that is not there is left out.
_ADDRESS = "'past' || {of} || '@example.com'"
_MINE = _ADDRESS.format(of="(i / {each})")
_ORDER, _CUSTOMER = "'past-' || i", "'past-' || (i / {each})"
_TABLES: dict[str, dict[str, str]] = {
    "orders": {
        "id": _ORDER, "customer_id": _CUSTOMER, "placed_at": "{ago}", "currency": "'USD'", "total": "'20.00'",
    },
    "order_events": {"order_id": _ORDER, "status": "'delivered'", "at": "{ago}"},
    "refunds": {"order_id": _ORDER, "refund_id": "'past'", "at": "{ago}", "amount": "'0.50'"},
    "campaign_runs": {
        "order_id": _ORDER, "customer_id": _CUSTOMER, "digest": "'past'", "workflow_run_id": "'past'",
        "holdout": "false", "segment": "'first-time'", "opened_at": "{ago}", "closed_at": "{ago}",
        "exit_reason": "'completed'",
    },
    "campaign_steps": {
        "order_id": _ORDER, "step": "'thank-you'", "kind": "'send'", "reason": "'due'", "decided_at": "{ago}",
    },
    "messages": {
        "id": _ORDER, "order_id": _ORDER, "customer_id": _CUSTOMER, "step": "'thank-you'",
        "channel": "'email'", "segment": "'first-time'", "purpose": "'marketing'", "state": "'sent'",
        "latest_at": "{ago}", "claimed_at": "{ago}", "sent_at": "{ago}", "recipient": _MINE, "address": _MINE,
    },
    "message_events": {
        "message_id": _ORDER, "kind": "'delivered'", "at": "{ago}", "event_id": "'past-' || i",
        "machine": "false",
    },
    "links": {"code": "'past' || i", "message_id": _ORDER, "target": "'https://shop.example.com/'"},
    "imports": {
        "digest": _ORDER, "kind": "'orders'", "rows_read": "0", "position": "0", "accepted": "0",
        "refused": "0", "started_at": "{ago}",
    },
    "coupons": {
        "offer": "'past'", "code": "'PAST' || i", "origin": "'generated'", "state": "'void'",
        "order_id": _ORDER, "customer_id": _CUSTOMER, "added_at": "{ago}",
    },
    "reviews": {
        "sku": _SKU.format(n="i"), "customer_id": _CUSTOMER, "order_id": _ORDER, "source": "'page'",
        "source_id": _ORDER, "rating": "1 + i % 5", "text": "'As I hoped.'", "state": "'published'",
        "written_at": "{ago}",
    },
    "product_quotes": {
        "sku": "'p-' || i", "language": "'en'", "review_id": "i + 1", "rating": "5", "text": "'As I hoped.'",
        "verified": "true",
    },
    "webhooks": {"digest": "'past-' || i", "at": "{ago}"},
    "shop_events": {
        "shop": "'shopify'", "event_id": _ORDER, "topic": "'orders/paid'", "digest": _ORDER,
        "received_at": "{ago}", "outcome": "'started'",
    },
}  # fmt: skip
_PRODUCTS = {
    "sku": "'p-' || i", "name": "'Product ' || i", "url": "'https://shop.example.com/p/' || i",
    "price": "'10.00'", "currency": "'USD'", "added_at": "{ago}", "review_count": "0",
    "item": "'i-' || i", "category": "'c-' || (i % 50)", "family": "'p-' || i", "consumable": "false",
    "recommend": "true", "lasts_days": "CASE WHEN i % 4 = 0 THEN 30 END",
}  # fmt: skip
_RATINGS = {
    "sku": "'p-' || i", "average": "4.5", "count": "i", "computed_at": "{ago}",
}  # fmt: skip
_GAPS = {"sku": "'p-' || i", "days": "30", "customers": "20", "buyers": "50"}
_STOCK = {"item": "'i-' || i", "location": "'here'", "available": "i % 9", "at": "{ago}"}
_OF_CUSTOMERS: dict[str, dict[str, str]] = {
    "customers": {
        "id": "'past-' || i", "email": _ADDRESS.format(of="i"), "email_key": _ADDRESS.format(of="i"),
        "country": "'US'", "tags": "'[]'", "less": "false",
    },
    "consents": {
        "customer_id": "'past-' || i", "channel": "'email'", "state": "'granted'", "source": "'checkout'",
        "at": "{ago}", "address": _ADDRESS.format(of="i"), "confirmed": "false",
    },
    "replies": {
        "sender": "'+1' || (2000000000 + i)", "received_at": "{ago}", "settled_at": "{ago}",
        "verdict": "'other'",
    },
    "kept_opt_outs": {
        "channel": "'email'", "digest": "'past-' || i", "reason": "'revoked'", "at": "{ago}",
    },
    "erasures": {"at": "{ago}", "source": "'past'", "digests": "'[]'", "counts": "'{{}}'"},
    "person_requests": {
        "kind": "'erase'", "source": "'shopify'", "state": "'done'", "received_at": "{ago}",
        "due_at": "{ago}", "settled_at": "{ago}",
    },
    "customer_scores": {
        "customer_id": "'past-' || i", "model_id": "(SELECT min(id) FROM shop_models)",
        "computed_at": "{ago}", "predicted_value": "'30.00'",
        "expected_orders": "1.5", "alive": "0.5",
    },
    "loyalty_standings": {
        "customer_id": "'past-' || i", "tier": "'silver'", "points": "i", "source": "'past'", "at": "{ago}",
    },
    "suppressions": {
        "channel": "'email'", "address": _ADDRESS.format(of="(i * 10)"), "reason": "'bounced'",
        "source": "'past'", "at": "{ago}",
    },
}  # fmt: skip
_AGO = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', '{now}', '-' || (i * 7 % 7776000) || ' seconds')",
    "postgresql": "timestamptz '{now}' - (i * 7 % 7776000) * interval '1 second'",
}


def fill_shop(database: Database, first: int, last: int, now: datetime, products: int = PRODUCTS) -> None:
    """Add the past orders numbered ``first`` to ``last``, of so many products, and what belongs to them."""
    with database.transaction() as session:
        connection = session.connection()
        ago = _ago(connection, now)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        fill_products(session, now, products)
        for table, values in _OF_CUSTOMERS.items():
            _fill(connection, table, values, first // ORDERS_A_CUSTOMER, last // ORDERS_A_CUSTOMER, ago)
        for table, values in _TABLES.items():
            _fill(connection, table, values, first, last, ago, products)
        for position in (0, 1):
            _fill(connection, "order_lines", _line(position), first, last, ago, products)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def fill_products(session: Session, now: datetime, number: int = PRODUCTS) -> None:
    """Add the catalogue, and the version of the campaign that past orders had."""
    _fill(session.connection(), "products", _PRODUCTS, 0, number - 1, _ago(session.connection(), now))
    _fill(session.connection(), "stock_levels", _STOCK, 0, number - 1, _ago(session.connection(), now))
    _fill(session.connection(), "product_ratings", _RATINGS, 0, number - 1, _ago(session.connection(), now))
    insert_once(session, DefinitionRow, digest="past", name="past", body="{}", stored_at=now)
    if session.exec(select(ShopModelRow.id).limit(1)).first() is None:
        session.add(ShopModelRow(name="past", fitted_at=now, serves="past"))
        session.flush()


def fill_repeat_gaps(session: Session, number: int = PRODUCTS) -> None:
    """Add how long products last, as if their customers had bought again: past orders are too even for it."""
    _fill(session.connection(), "repeat_gaps", _GAPS, 0, number - 1, "")


def _ago(connection: Connection, now: datetime) -> str:
    """Return an expression for a time in the 90 days before ``now``, by number."""
    return _AGO[connection.dialect.name].format(now=now.strftime("%Y-%m-%d %H:%M:%S+00:00"))


def _line(position: int) -> dict[str, str]:
    sku = _SKU.format(n=f"(i * 2 + {position})")
    return {
        "order_id": "'past-' || i",
        "position": str(position),
        "sku": sku,
        "quantity": "1 + i % 3",
        "unit_price": "'10.00'",
    }


def _fill(
    connection: Connection,
    table: str,
    values: dict[str, str],
    first: int,
    last: int,
    ago: str,
    products: int = PRODUCTS,
) -> None:
    known = {column["name"]: column["type"] for column in inspect(connection).get_columns(table)}
    wanted = {
        name: f"CAST({value} AS {known[name].compile(connection.dialect)})" if "ago" not in value else value
        for name, value in values.items()
        if name in known
    }
    numbers = f"WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})"  # noqa: S608
    if connection.dialect.name == "postgresql":
        numbers = f"WITH n(i) AS (SELECT generate_series(CAST({first} AS bigint), {last}))"
    fixed = {"ago": ago, "each": ORDERS_A_CUSTOMER, "products": products}
    columns = ", ".join(value.format(**fixed) for value in wanted.values())
    connection.execute(
        text(
            f"INSERT INTO {table} ({', '.join(wanted)}) {numbers} SELECT {columns} FROM n"  # noqa: S608 - ours
            " WHERE true ON CONFLICT DO NOTHING"
        )
    )
