"""An index for the newest ledger entries of an address, however many guests share it.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.drop_index("ix_consents_address", table_name="consents")
    op.create_index("ix_consents_address_at", "consents", ["address", "at"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_consents_address_at", table_name="consents")
    op.create_index("ix_consents_address", "consents", ["address"])
