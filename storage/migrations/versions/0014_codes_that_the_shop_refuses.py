"""Which codes the shop has refused, why, and from when they are given to it again.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_REFUSED = sa.text("push_again_at IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.add_column("coupons", sa.Column("refusals", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("coupons", sa.Column("refusal", sa.String(length=40), nullable=True))
    op.add_column("coupons", sa.Column("push_again_at", UtcDateTime(), nullable=True))
    op.create_index(
        "ix_coupons_refused",
        "coupons",
        ["offer", "push_again_at"],
        postgresql_where=_REFUSED,
        sqlite_where=_REFUSED,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_coupons_refused", table_name="coupons")
    for column in ("push_again_at", "refusal", "refusals"):
        op.drop_column("coupons", column)
