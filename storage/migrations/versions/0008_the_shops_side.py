"""The shop's side: inbox, shop events, imports, refunds, stock, keys, erasures.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Amount, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "imports",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("digest", "kind", name=op.f("pk_imports")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("order_id", sa.String(length=100), nullable=True),
        sa.Column("customer_id", sa.String(length=100), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("key", name=op.f("uq_inbox_key")),
    )
    op.create_index(op.f("ix_inbox_order_id"), "inbox", ["order_id"], unique=False)
    op.create_index("ix_inbox_state_settled_at", "inbox", ["state", "settled_at"], unique=False)
    op.create_index(
        "ix_inbox_waiting",
        "inbox",
        ["due_at", "id"],
        unique=False,
        postgresql_where=_WAITING,
        sqlite_where=_WAITING,
    )
    op.create_index(
        "ix_inbox_waiting_customer",
        "inbox",
        ["customer_id", "id"],
        unique=False,
        postgresql_where=_WAITING,
        sqlite_where=_WAITING,
    )
    op.create_table(
        "kept_opt_outs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_opt_outs")),
        sa.UniqueConstraint(
            "channel", "digest", "reason", name=op.f("uq_kept_opt_outs_channel_digest_reason")
        ),
    )
    op.create_table(
        "shop_events",
        sa.Column("shop", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("shop", "event_id", name=op.f("pk_shop_events")),
        sa.UniqueConstraint("shop", "digest", name=op.f("uq_shop_events_shop_digest")),
    )
    op.create_index(op.f("ix_shop_events_received_at"), "shop_events", ["received_at"], unique=False)
    op.create_index(
        "ix_shop_events_shop_topic_received_at", "shop_events", ["shop", "topic", "received_at"], unique=False
    )
    op.create_table(
        "stock_levels",
        sa.Column("item", sa.String(length=100), nullable=False),
        sa.Column("location", sa.String(length=100), nullable=False),
        sa.Column("available", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("item", "location", name=op.f("pk_stock_levels")),
    )
    op.create_table(
        "refunds",
        sa.Column("order_id", sa.String(length=100), nullable=False),
        sa.Column("refund_id", sa.String(length=100), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("amount", Amount(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id_orders")),
        sa.PrimaryKeyConstraint("order_id", "refund_id", name=op.f("pk_refunds")),
    )
    op.add_column("customers", sa.Column("email_as_given", sa.Text(), nullable=True))
    op.add_column("customers", sa.Column("phone_as_given", sa.Text(), nullable=True))
    op.add_column(
        "order_lines", sa.Column("returned", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("orders", sa.Column("refunded", Amount(), server_default=sa.text("'0'"), nullable=False))
    op.add_column("orders", sa.Column("renewal", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("orders", sa.Column("changed_at", UtcDateTime(), nullable=True))
    op.add_column("products", sa.Column("item", sa.String(length=100), nullable=True))
    op.add_column("products", sa.Column("available", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_index(op.f("ix_products_item"), "products", ["item"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_index(op.f("ix_products_item"), table_name="products")
    op.drop_column("products", "available")
    op.drop_column("products", "item")
    op.drop_column("orders", "changed_at")
    op.drop_column("orders", "renewal")
    op.drop_column("orders", "refunded")
    op.drop_column("order_lines", "returned")
    op.drop_column("customers", "phone_as_given")
    op.drop_column("customers", "email_as_given")
    op.drop_table("refunds")
    op.drop_table("stock_levels")
    op.drop_index("ix_shop_events_shop_topic_received_at", table_name="shop_events")
    op.drop_index(op.f("ix_shop_events_received_at"), table_name="shop_events")
    op.drop_table("shop_events")
    op.drop_table("kept_opt_outs")
    op.drop_index(
        "ix_inbox_waiting_customer", table_name="inbox", postgresql_where=_WAITING, sqlite_where=_WAITING
    )
    op.drop_index("ix_inbox_waiting", table_name="inbox", postgresql_where=_WAITING, sqlite_where=_WAITING)
    op.drop_index("ix_inbox_state_settled_at", table_name="inbox")
    op.drop_index(op.f("ix_inbox_order_id"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("imports")
    op.drop_table("erasures")
    op.drop_table("api_keys")
