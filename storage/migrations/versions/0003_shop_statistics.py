"""Statistics of the whole shop as rows, and an index for what is new.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "best_sellers",
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rank", name=op.f("pk_best_sellers")),
    )
    op.create_table(
        "bought_together",
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("other_sku", sa.String(length=100), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "rank", name=op.f("pk_bought_together")),
    )
    op.create_table(
        "statistics",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_statistics")),
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_products_added_at"), ["added_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_products_added_at"))

    op.drop_table("statistics")
    op.drop_table("bought_together")
    op.drop_table("best_sellers")
