"""Messages that failed after they were accepted, and that no decision has seen since."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select, text
from sqlmodel import Session, col

from campaign.delivery import EFFECTS
from campaign.facts import MessageState
from storage.tables import MessageEventRow, MessageRow, RunRow, StepRow

#: No window is longer: what was claimed before is not looked for.
LONGEST_WINDOW = timedelta(days=60)
#: A webhook signals by itself: what failed just now is left to it.
GRACE = timedelta(minutes=2)
LIMIT = 200
#: Written out, so that PostgreSQL sees that the partial index holds them all.
_IS_FAILED = text(f"messages.state = '{MessageState.FAILED.value}'")
_FAILURES = tuple(event.value for event, effect in EFFECTS.items() if effect.failed)


def unseen_failures(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Return (order, step) of failed messages of open campaigns whose window is open, oldest first."""
    failed_since = exists().where(
        col(MessageEventRow.message_id) == col(MessageRow.id),
        col(MessageEventRow.kind).in_(_FAILURES),
        col(MessageEventRow.at) > col(StepRow.decided_at),
        col(MessageEventRow.at) <= now - GRACE,
    )
    statement = (
        select(col(MessageRow.order_id), col(MessageRow.step))
        .join(RunRow, col(RunRow.order_id) == col(MessageRow.order_id))
        .join(
            StepRow,
            (col(StepRow.order_id) == col(MessageRow.order_id)) & (col(StepRow.step) == col(MessageRow.step)),
        )
        .where(
            _IS_FAILED,
            col(MessageRow.claimed_at) > now - LONGEST_WINDOW,
            col(MessageRow.latest_at) > now,
            col(RunRow.closed_at).is_(None),
            failed_since,
        )
        .order_by(col(MessageRow.claimed_at))
        .limit(LIMIT)
    )
    return [(order_id, step) for order_id, step in session.connection().execute(statement)]
