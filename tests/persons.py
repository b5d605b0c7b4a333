"""A person of whom something personal stands in every column that may hold it; and who looks for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import String, Table, insert, select
from sqlmodel import Session, SQLModel

from campaign.definition.version import Version
from storage.database import Database
from storage.personal_data import CLASSES
from storage.queries.campaigns.runs import store_version
from storage.queries.people.kept_opt_outs import ERASED
from tests.facts import PLACED, default_definition

MARK = "zzmarker"
EMAIL, PHONE = f"{MARK}@example.com", "+12025550147"
NEEDLES = (MARK, PHONE, "2025550147")
_ORDER = {"email": EMAIL, "phone": "(202) 555-0147", "id": 7}
_PAYLOAD = json.dumps(["shopify", "orders/create", "e-1", json.dumps(_ORDER)])
_MESSAGE = {
    "order_id": "o-1", "customer_id": MARK, "step": "loyalty", "segment": "vip", "purpose": "marketing",
    "latest_at": PLACED, "claimed_at": PLACED,
}  # fmt: skip
_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("customers", {"id": MARK, "email": EMAIL, "email_key": EMAIL, "phone": PHONE, "tags": [MARK],
                   "less": True, "country": "ZZ"}),
    ("orders", {"id": "o-1", "customer_id": MARK, "placed_at": PLACED, "currency": "USD", "total": Decimal(5),
                "refunded": Decimal(0), "renewal": False}),
    ("order_lines", {"order_id": "o-1", "position": 0, "sku": "mug", "quantity": 1, "unit_price": Decimal(5),
                     "returned": 0}),
    ("order_events", {"order_id": "o-1", "status": "fulfilled", "at": PLACED}),
    ("refunds", {"order_id": "o-1", "refund_id": "r-1", "at": PLACED, "amount": Decimal(1)}),
    ("campaign_runs", {"order_id": "o-1", "customer_id": MARK, "workflow_run_id": "w",
                       "holdout": False, "opened_at": PLACED}),
    ("campaign_steps", {"order_id": "o-1", "step": "loyalty", "kind": "send", "reason": "due",
                        "decided_at": PLACED}),
    ("consents", {"id": 1, "customer_id": MARK, "channel": "email", "state": "granted", "at": PLACED,
                  "address": EMAIL, "confirmed": False}),
    ("consents", {"id": 2, "channel": "sms", "state": "revoked", "at": PLACED, "address": PHONE,
                  "confirmed": False}),
    ("messages", {**_MESSAGE, "id": "m-1", "channel": "email", "state": "sent", "address": EMAIL,
                  "consent_id": 1}),
    ("messages", {**_MESSAGE, "id": "m-2", "channel": "sms", "state": "sending", "address": PHONE,
                  "attempted_at": PLACED}),
    ("messages", {**_MESSAGE, "id": "m-3", "channel": "sms", "state": "claimed", "address": PHONE,
                  "step": "win-back"}),
    ("message_events", {"message_id": "m-1", "kind": "opened", "at": PLACED, "machine": False,
                        "event_id": MARK}),
    ("links", {"code": "abc", "message_id": "m-1"}),
    ("shop_models", {"id": 1, "name": "lifetime_value", "fitted_at": PLACED, "serves": "model",
                     "parameters": {}, "quality": {}}),
    ("customer_scores", {"customer_id": MARK, "model_id": 1, "computed_at": PLACED,
                         "predicted_value": Decimal("123.45"), "expected_orders": 1.25, "alive": 0.75}),
    ("loyalty_standings", {"customer_id": MARK, "tier": MARK, "points": 12345, "at": PLACED}),
    ("coupons", {"offer": "come-back", "code": "ABCD-2345", "origin": "generated", "state": "issued",
                 "order_id": "o-1", "step": "win-back-best", "customer_id": MARK, "added_at": PLACED}),
    ("reviews", {"sku": "mug", "customer_id": MARK, "order_id": "o-1", "source": "page", "source_id": MARK,
                 "rating": 5, "state": "published", "written_at": PLACED}),
    ("product_quotes", {"sku": "mug", "language": "en", "review_id": 1, "rating": 5, "verified": True}),
    ("replies", {"sender": PHONE, "received_at": PLACED}),
    ("suppressions", {"channel": "email", "address": EMAIL, "reason": "bounced", "at": PLACED}),
    ("inbox", {"key": "order:o-1", "kind": "order", "order_id": "o-1", "customer_id": MARK, "body": None,
               "state": "waiting", "attempts": 0, "received_at": PLACED, "due_at": PLACED}),
    ("inbox", {"key": "shop_event:1", "kind": "shop_event", "state": "refused", "attempts": 0,
               "received_at": PLACED, "due_at": PLACED, "settled_at": PLACED, "body": _PAYLOAD}),
]  # fmt: skip


def store_person(session: Session) -> None:
    """Store the person; every personal column that is not named above holds the mark."""
    digest = store_version(session, Version(default_definition()), PLACED)
    for name, values in _ROWS:
        table = SQLModel.metadata.tables[name]
        more = {"digest": digest} if name == "campaign_runs" else {}
        session.connection().execute(insert(table).values({**_marked(table), **values, **more}))


def _marked(table: Table) -> dict[str, str]:
    names = CLASSES[table.name].personal.split()
    return {name: MARK for name in names if _is_text(table.c[name].type)}


def _is_text(kind: Any) -> bool:
    return isinstance(getattr(kind, "impl_instance", kind), String)


def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    with database.reading() as session:
        return {
            table.name: [dict(row) for row in session.connection().execute(select(table)).mappings()]
            for table in SQLModel.metadata.sorted_tables
        }


def found_in(rows: Mapping[str, Iterable[Mapping[str, Any]]], needles: Iterable[str]) -> set[str]:
    """Which columns hold any of these texts."""
    return {
        f"{table}.{name}"
        for table, found in rows.items()
        for row in found
        for name, value in row.items()
        if any(needle in str(value) for needle in needles)
    }


def kept(database: Database) -> list[tuple[str, str]]:
    """Channels and reasons of what outlives an erasure, but for the note that an address was erased."""
    rows = everything(database)["kept_opt_outs"]
    return sorted((row["channel"], row["reason"]) for row in rows if row["reason"] != ERASED)


LATER = PLACED + timedelta(days=100)
