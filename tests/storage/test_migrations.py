"""Migrations on databases that hold something."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from campaign.errors import BadSettings
from storage import migrate
from storage.database import Database

_ROWS = """
INSERT INTO customers (id, email, phone, tags, less)
    VALUES ('a', 'Ada@Example.com', '+12025550123', '[]', false);
INSERT INTO consents (customer_id, channel, state, source, at, address, confirmed)
    VALUES ('a', 'email', 'revoked', 'page', '2026-01-01 00:00:00', 'Ada@Example.com', false);
INSERT INTO suppressions (channel, address, reason, source, at)
    VALUES ('email', 'ada@example.com', 'spam', 's', '2026-01-01 00:00:00');
INSERT INTO suppressions (channel, address, reason, source, at)
    VALUES ('email', 'ADA@example.com', 'spam', 's', '2026-01-02 00:00:00');
INSERT INTO suppressions (channel, address, reason, source, at)
    VALUES ('sms', '+12025550123', 'opted_out', 's', '2026-01-02 00:00:00')
"""

_CAMPAIGN = """
INSERT INTO orders (id, customer_id, placed_at, currency, total)
    VALUES ('o', 'a', '2026-01-01 00:00:00', 'USD', '1.00');
INSERT INTO campaign_definitions (digest, name, body, stored_at)
    VALUES ('d', 'n', '{}', '2026-01-01 00:00:00');
INSERT INTO campaign_runs (order_id, customer_id, digest, workflow_run_id, holdout, opened_at)
    VALUES ('o', 'a', 'd', 'w', false, '2026-01-01 00:00:00');
INSERT INTO messages (id, order_id, customer_id, step, channel, segment, state, consent_id, latest_at,
                      claimed_at, recipient)
    SELECT 'm', 'o', 'a', 's', 'email', 'x', 'sent', id, '2026-01-01 00:00:00', '2026-01-01 00:00:00',
           'Ada@Example.com' FROM consents;
INSERT INTO links (code, message_id, target) VALUES ('c', 'm', 'https://shop.com');
INSERT INTO message_events (message_id, kind, at, machine) VALUES ('m', 'sent', '2026-01-01 00:00:00', false)
"""


def test_a_database_with_sent_messages_is_upgraded(database: Database) -> None:
    """Tables that others refer to are changed with rows in them; none is lost, and keys are checked after."""
    with database.engine.begin() as connection:
        command.downgrade(migrate._config(connection), "0004")
        for row in f"{_ROWS};{_CAMPAIGN}".split(";\n"):
            connection.execute(text(row))
    migrate.upgrade(database)
    with database.engine.begin() as connection:
        message = connection.execute(text("SELECT consent_id, address FROM messages")).one()
        kept = [
            connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608 - our names
            for name in ("consents", "links", "message_events")
        ]
    with database.engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(text("DELETE FROM consents"))
    assert message.consent_id is not None
    assert message.address == "ada@example.com"
    assert kept == [1, 1, 1]


def test_addresses_of_before_get_their_normal_form(database: Database) -> None:
    """Customers, ledger and suppressions of an older version are normalised; what becomes one is one."""
    with database.engine.begin() as connection:
        command.downgrade(migrate._config(connection), "0004")
        for row in _ROWS.split(";"):
            connection.execute(text(row))
        command.upgrade(migrate._config(connection), "head")
        keys = connection.execute(text("SELECT email, email_key FROM customers")).all()
        ledger = connection.execute(text("SELECT address FROM consents")).scalars().all()
        kept = connection.execute(text("SELECT channel, address, at FROM suppressions ORDER BY id")).all()
    assert [tuple(row) for row in keys] == [("Ada@Example.com", "ada@example.com")]
    assert ledger == ["ada@example.com"]
    assert [(row.channel, row.address) for row in kept] == [
        ("email", "ada@example.com"), ("sms", "+12025550123"),
    ]  # fmt: skip
    assert str(kept[0].at).startswith("2026-01-01")


def test_a_file_that_is_not_there_is_to_be_migrated(tmp_path: Path) -> None:
    """Production's first start says to run the migration, not that the database is away, without a file."""
    file = tmp_path / "new" / "afterglow.db"
    database = Database(f"sqlite:///{file}")
    with pytest.raises(BadSettings, match="run `afterglow migrate`"):
        migrate.ensure_schema(database, may_upgrade=False)
    assert not file.exists()
    database.close()
