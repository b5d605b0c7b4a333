"""Which steps wait for an offer's codes: they are looked for when there are some again.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AWAITS = sa.text("awaits_offer IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.add_column("campaign_steps", sa.Column("awaits_offer", sa.String(length=40), nullable=True))
    op.create_index(
        "ix_campaign_steps_awaits_offer",
        "campaign_steps",
        ["awaits_offer"],
        postgresql_where=_AWAITS,
        sqlite_where=_AWAITS,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_campaign_steps_awaits_offer", table_name="campaign_steps")
    op.drop_column("campaign_steps", "awaits_offer")
