"""Addresses in one normal form: opt-outs, suppressions and caps hold for a person's address.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from campaign.customers.addresses import normal_address
from campaign.reasons import Channel

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ROWS = 1_000


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("customers") as batch:
        batch.add_column(sa.Column("email_key", sa.String(length=254), nullable=True))
        batch.drop_index("ix_customers_email")
        batch.create_index("ix_customers_email_key", ["email_key"], unique=False)
    with op.batch_alter_table("consents") as batch:
        batch.alter_column("customer_id", existing_type=sa.String(length=100), nullable=True)
        batch.create_index("ix_consents_address", ["address"], unique=False)
    with op.batch_alter_table("messages") as batch:
        batch.add_column(sa.Column("address", sa.String(length=254), nullable=True))
        batch.create_index("ix_messages_address_claimed_at", ["address", "claimed_at"], unique=False)
    _normalise("customers", "email", "email_key", "'email'")
    _normalise("consents", "address", "address", "channel")
    _normalise("messages", "recipient", "address", "channel")
    _normalise_suppressions()


def downgrade() -> None:
    """Take back; what was normalised stays so. Entries that belong to no customer are lost."""
    op.execute(sa.text("DELETE FROM consents WHERE customer_id IS NULL"))
    with op.batch_alter_table("messages") as batch:
        batch.drop_index("ix_messages_address_claimed_at")
        batch.drop_column("address")
    with op.batch_alter_table("consents") as batch:
        batch.drop_index("ix_consents_address")
        batch.alter_column("customer_id", existing_type=sa.String(length=100), nullable=False)
    with op.batch_alter_table("customers") as batch:
        batch.drop_index("ix_customers_email_key")
        batch.drop_column("email_key")
        batch.create_index("ix_customers_email", ["email"], unique=False)


def _normalise(table: str, source: str, target: str, channel: str) -> None:
    """Write the normal form of every address, some rows at a time."""
    connection = op.get_bind()
    found = sa.text(
        f"SELECT id, {source} AS address, {channel} AS channel FROM {table} "  # noqa: S608 - our names
        f"WHERE {source} IS NOT NULL"
    )
    write = sa.text(f"UPDATE {table} SET {target} = :address WHERE id = :id")  # noqa: S608
    rows = connection.execute(found).all()
    for start in range(0, len(rows), _ROWS):
        values = [
            {"id": row.id, "address": normal_address(Channel(row.channel), row.address)}
            for row in rows[start : start + _ROWS]
        ]
        connection.execute(write, values)


def _normalise_suppressions() -> None:
    """Normalise suppressions; of several that become one, the oldest stays."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT id, channel, address, reason FROM suppressions ORDER BY id")
    ).all()
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        address = normal_address(Channel(row.channel), row.address)
        if (row.channel, address, row.reason) in seen:
            connection.execute(sa.text("DELETE FROM suppressions WHERE id = :id"), {"id": row.id})
            continue
        seen.add((row.channel, address, row.reason))
        values = {"id": row.id, "address": address}
        connection.execute(sa.text("UPDATE suppressions SET address = :address WHERE id = :id"), values)
