"""What is older than the settings keep it is erased, in batches; what is newer or under way is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import SQLModel

from activities.temporal import Retention
from storage.database import Database
from storage.queries.privacy import retention
from storage.queries.privacy.retention import erase_old
from tests.facts import PLACED
from tests.persons import everything, store_person

NOW = PLACED + timedelta(days=200)
RETENTION = Retention(texts=180, webhooks=30, inbox=30)
OLD, NEW = NOW - timedelta(days=40), NOW - timedelta(days=20)


def add(database: Database, table: str, **values: Any) -> None:
    """Add a row."""
    with database.transaction() as session:
        session.connection().execute(insert(SQLModel.metadata.tables[table]).values(values))


def erase(database: Database) -> dict[str, int]:
    """Erase what is old; return what was found."""
    return {name: count for name, count in erase_old(database, RETENTION.before(NOW)).items() if count}


def test_texts_of_settled_messages_go(database: Database) -> None:
    """Of three old messages one is settled: its text goes; what is claimed or being sent keeps its own."""
    with database.transaction() as session:
        store_person(session)
    assert erase(database)["message_texts"] == 1
    messages = everything(database)["messages"]
    assert {row["state"]: row["text"] is None for row in messages} == {
        "sent": True, "sending": False, "claimed": False,
    }  # fmt: skip
    assert all(row["html"] is row["subject"] is None for row in messages if row["state"] == "sent")


@pytest.mark.parametrize("batch", [1, 2, 1_000])
def test_digests_payloads_and_replies_go_by_age(
    database: Database, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Old ones go, whatever the size of a batch; new ones and what still waits stay."""
    monkeypatch.setattr(retention, "BATCH", batch)
    for number, at in enumerate((OLD, OLD, OLD, NEW)):
        add(database, "webhooks", digest=f"d-{number}", at=at)
        event = {"shop": "shopify", "event_id": f"e-{number}", "topic": "t", "digest": f"d-{number}"}
        add(database, "shop_events", **event, received_at=at, outcome="applied")
        add(database, "replies", sender="+12025550123", received_at=at, settled_at=at, verdict="other")
        for state in ("done", "refused"):
            row = {"key": f"{state}-{number}", "kind": "event", "state": state, "body": "{}", "attempts": 0}
            add(database, "inbox", **row, received_at=at, due_at=at, settled_at=at)
    add(database, "replies", sender="+12025550123", received_at=OLD, text="hm")
    waiting = {"key": "w", "kind": "event", "state": "waiting", "body": "{}", "attempts": 0}
    add(database, "inbox", **waiting, received_at=OLD, due_at=OLD)
    kinds = ("webhooks", "shop_events", "inbox_rows", "inbox_payloads", "replies")
    assert erase(database) == dict.fromkeys(kinds, 3)
    assert erase(database) == {}
    rows = everything(database)
    assert {row["key"] for row in rows["inbox"] if row["body"]} == {"done-3", "refused-3", "w"}
    assert sorted(row["state"] for row in rows["inbox"]) == [*["discarded"] * 3, "done", "refused", "waiting"]
    assert (len(rows["webhooks"]), len(rows["shop_events"]), len(rows["replies"])) == (1, 1, 2)
