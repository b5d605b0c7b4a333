"""What is new is read by index also where a whole catalogue was added at the same moment.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_SHOWN = sa.text("available AND recommend")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_products_new", "products", ["added_at", "sku"], postgresql_where=_SHOWN, sqlite_where=_SHOWN
    )
    op.drop_index("ix_products_added_at", "products")


def downgrade() -> None:
    """Undo."""
    op.create_index("ix_products_added_at", "products", ["added_at"])
    op.drop_index("ix_products_new", "products")
