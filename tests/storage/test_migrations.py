"""Migrations on databases that hold something."""

from __future__ import annotations

from alembic import command
from sqlalchemy import text

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
