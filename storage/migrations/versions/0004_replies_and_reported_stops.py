"""Replies that a person settles; stops that a provider reported after accepting the message.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(length=20), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
    )
    with op.batch_alter_table("replies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_replies_sender"), ["sender"], unique=False)
        batch_op.create_index(batch_op.f("ix_replies_settled_at"), ["settled_at"], unique=False)
    with op.batch_alter_table("channel_stops", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reported", sa.Boolean(), server_default=sa.false(), nullable=False))
