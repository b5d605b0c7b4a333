"""Privacy: requests about persons, erasures under way, and messages whose text is still kept.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WRITTEN = sa.text("text IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "person_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_requests")),
    )
    op.create_index("ix_person_requests_state_id", "person_requests", ["state", "id"], unique=False)
    op.create_table(
        "erasure_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("customer_ids", sa.JSON(), nullable=False),
        sa.Column("order_ids", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_jobs")),
    )
    op.create_index(op.f("ix_erasure_jobs_due_at"), "erasure_jobs", ["due_at"], unique=False)
    op.create_index(
        "ix_messages_with_text",
        "messages",
        ["claimed_at"],
        unique=False,
        postgresql_where=_WRITTEN,
        sqlite_where=_WRITTEN,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index(
        "ix_messages_with_text", table_name="messages", postgresql_where=_WRITTEN, sqlite_where=_WRITTEN
    )
    op.drop_table("erasure_jobs")
    op.drop_table("person_requests")
