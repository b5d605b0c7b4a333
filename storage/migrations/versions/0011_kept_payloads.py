"""What an erasure and the clean-up after it look for among rows that grow: by index.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KEPT = sa.text("kind = 'shop_event' AND body IS NOT NULL")
_BY_CONSENT = sa.text("consent_id IS NOT NULL")
_ERASED = sa.text("reason = 'erased'")


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_inbox_kept_payloads", "inbox", ["id"], postgresql_where=_KEPT, sqlite_where=_KEPT)
    op.create_index(
        "ix_kept_opt_outs_erased_at", "kept_opt_outs", ["at"], postgresql_where=_ERASED, sqlite_where=_ERASED
    )
    op.create_index(
        "ix_messages_consent_id", "messages", ["consent_id"], postgresql_where=_BY_CONSENT,
        sqlite_where=_BY_CONSENT,
    )  # fmt: skip


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_messages_consent_id", "messages")
    op.drop_index("ix_kept_opt_outs_erased_at", "kept_opt_outs")
    op.drop_index("ix_inbox_kept_payloads", "inbox")
