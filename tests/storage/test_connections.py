"""Connections that their server has ended: replaced before they are used, or after one error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from campaign.errors import Unavailable
from storage import database as storage_database
from storage.database import Database


@pytest.fixture
def lost(database: Database) -> Iterator[Database]:
    """A database whose one pooled connection the server has ended, as a restart does."""
    if database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite is no server")
    pooled = Database(database.url, pool_size=1)
    with pooled.transaction() as session:
        process = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with database.transaction() as session:
        session.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
        while session.execute(
            text("SELECT count(*) FROM pg_stat_activity WHERE pid = :process"), {"process": process}
        ).scalar_one():
            session.execute(text("SELECT pg_stat_clear_snapshot()"))
    yield pooled
    pooled.close()


def test_what_was_lost_while_idle_is_replaced(lost: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that has not been used for a while is tested first: nobody sees the restart."""
    monkeypatch.setattr(storage_database, "IDLE_SECONDS", 0)
    with lost.transaction() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_what_was_lost_just_now_is_one_error(lost: Database) -> None:
    """One that was in use a moment ago fails once, as an error to retry; the next transaction works."""

    def select() -> int:
        with lost.transaction() as session:
            return int(session.execute(text("SELECT 1")).scalar_one())

    with pytest.raises(Unavailable):
        select()
    assert select() == 1
