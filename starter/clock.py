"""The one clock: where an order service's or a web request's time begins. Banned everywhere else."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time now, aware, UTC."""
    return datetime.now(UTC)
