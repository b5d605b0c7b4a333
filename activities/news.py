"""Signals become facts: written down before a decision looks at them. Idempotent."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from activities.interface import ReceivedSignal
from storage.queries.orders import record_order_event
from storage.queries.runs import get_run


def record_news(session: Session, order_id: str, news: Iterable[ReceivedSignal]) -> None:
    """Write down what the signals told."""
    for item in news:
        if item.update is not None:
            record_order_event(session, order_id, item.update)
        else:
            _mark_run(session, order_id, item)


def _mark_run(session: Session, order_id: str, item: ReceivedSignal) -> None:
    run = get_run(session, order_id)
    run.repurchased_by = item.repurchased or run.repurchased_by
    run.stop_reason = run.stop_reason or item.stop
    session.add(run)
    session.flush()
