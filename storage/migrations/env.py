"""Alembic's environment: always online, on the connection that `storage.migrate` gives."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString, SQLModel

import storage.tables  # noqa: F401 - fills the metadata
from storage.columns import Amount, UtcDateTime


def render_item(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Write our column types by their short names, and SQLModel's text as SQLAlchemy's."""
    if kind == "type" and isinstance(item, (Amount, UtcDateTime)):
        return f"{type(item).__name__}()"
    if kind == "type" and isinstance(item, AutoString) and item.length:
        return f"sa.String(length={item.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
