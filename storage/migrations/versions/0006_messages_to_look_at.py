"""An index for the messages that an operator looks at: failed and unconfirmed ones.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TO_LOOK_AT = sa.text("state IN ('failed', 'unconfirmed')")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_messages_to_look_at",
        "messages",
        ["state", "claimed_at"],
        postgresql_where=_TO_LOOK_AT,
        sqlite_where=_TO_LOOK_AT,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_messages_to_look_at", table_name="messages")
