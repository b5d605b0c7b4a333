"""Past orders by the million, made inside the database: a shop that has been there for a while.

Each order has two lines, what became of it, its ended campaign and one message. All lie within 90 days, so
that the statistics count every one of them. The same SQL fills SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, inspect, text
from sqlmodel import Session

from storage.database import Database
from storage.inserts import insert_once
from storage.tables import DefinitionRow, ProductRow

PRODUCTS = 1_000
ORDERS_A_CUSTOMER = 5
# Some products are bought far more often than others: products of two numbers that look random.
_SKU = "'p-' || ((({n} * 7919) % 1000) * (({n} / 7 * 31 + {n} / 1000 * 17) % 1000) / 1000)"
# What is wanted of each table, by column: expressions over i. A column that is not there is left out.
_CUSTOMERS = {
    "id": "'past-' || i", "email": "'past' || i || '@example.com'",
    "email_key": "'past' || i || '@example.com'", "country": "'US'", "tags": "'[]'", "less": "false",
}  # fmt: skip
_ORDERS = {
    "id": "'past-' || i", "customer_id": "'past-' || (i / {each})", "placed_at": "{ago}", "currency": "'USD'",
    "total": "'20.00'",
}  # fmt: skip
_EVENTS = {"order_id": "'past-' || i", "status": "'delivered'", "at": "{ago}"}
_RUNS = {
    "order_id": "'past-' || i", "customer_id": "'past-' || (i / {each})", "digest": "'past'",
    "workflow_run_id": "'past'", "holdout": "false", "segment": "'first-time'", "opened_at": "{ago}",
    "closed_at": "{ago}", "exit_reason": "'completed'",
}  # fmt: skip
_MESSAGES = {
    "id": "'past-' || i", "order_id": "'past-' || i", "customer_id": "'past-' || (i / {each})",
    "step": "'thank-you'", "channel": "'email'", "segment": "'first-time'", "purpose": "'marketing'",
    "state": "'sent'", "latest_at": "{ago}", "claimed_at": "{ago}", "sent_at": "{ago}",
    "recipient": "'past' || (i / {each}) || '@example.com'",
    "address": "'past' || (i / {each}) || '@example.com'",
}  # fmt: skip
_AGO = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', '{now}', '-' || (i * 7 % 7776000) || ' seconds')",
    "postgresql": "timestamptz '{now}' - (i * 7 % 7776000) * interval '1 second'",
}


def fill_shop(database: Database, first: int, last: int, now: datetime) -> None:
    """Add the past orders with the numbers ``first`` to ``last``, and what belongs to them."""
    ago = _AGO[database.engine.dialect.name].format(now=now.strftime("%Y-%m-%d %H:%M:%S+00:00"))
    tables = {"orders": _ORDERS, "order_events": _EVENTS, "campaign_runs": _RUNS, "messages": _MESSAGES}
    with database.transaction() as session:
        connection = session.connection()
        fill_products(session, now)
        _fill(connection, "customers", _CUSTOMERS, first // ORDERS_A_CUSTOMER, last // ORDERS_A_CUSTOMER, ago)
        for table, values in tables.items():
            _fill(connection, table, values, first, last, ago)
        for position in (0, 1):
            _fill(connection, "order_lines", _line(position), first, last, ago)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def fill_products(session: Session, now: datetime) -> None:
    """Add the catalogue, and the version of the campaign that past orders had."""
    for number in range(PRODUCTS):
        values = {"sku": f"p-{number}", "name": f"Product {number}", "price": Decimal(10), "currency": "USD"}
        added = {"url": f"https://shop.example.com/p/{number}", "added_at": now - timedelta(days=number)}
        insert_once(session, ProductRow, **values, **added, review_count=0)
    insert_once(session, DefinitionRow, digest="past", name="past", body="{}", stored_at=now)


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
    connection: Connection, table: str, values: dict[str, str], first: int, last: int, ago: str
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
    columns = ", ".join(value.format(ago=ago, each=ORDERS_A_CUSTOMER) for value in wanted.values())
    connection.execute(
        text(
            f"INSERT INTO {table} ({', '.join(wanted)}) {numbers} SELECT {columns} FROM n"  # noqa: S608 - ours
            " WHERE true ON CONFLICT DO NOTHING"
        )
    )
