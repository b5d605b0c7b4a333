"""Messages for an operator: those in one state, newest first, never with their addresses or texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal_column, select
from sqlmodel import Session, col

from campaign.facts import MessageState
from storage.tables import MessageEventRow, MessageRow


@dataclass(frozen=True)
class ListedMessage:
    """One message. ``code`` is the provider's latest error code; ``sent_at`` is when it was accepted."""

    message_id: str
    order_id: str
    step: str
    channel: str
    reason: str | None
    code: str | None
    claimed_at: datetime
    attempted_at: datetime | None
    sent_at: datetime | None


def list_messages(session: Session, state: MessageState, limit: int) -> tuple[list[ListedMessage], int]:
    """Return the newest messages of a state, at most ``limit`` of them, and how many there are in all."""
    wanted = col(MessageRow.state) == literal_column(
        f"'{state.value}'"
    )  # a parameter hides the partial index
    code = (
        select(col(MessageEventRow.code))
        .where(col(MessageEventRow.message_id) == col(MessageRow.id), col(MessageEventRow.code).is_not(None))
        .order_by(col(MessageEventRow.id).desc())
        .limit(1)
        .scalar_subquery()
    )
    row = MessageRow
    before = (row.id, row.order_id, row.step, row.channel, row.reason)
    after = (row.claimed_at, row.attempted_at, row.sent_at)
    statement = (
        select(*map(col, before), code, *map(col, after))
        .where(wanted)
        .order_by(col(row.claimed_at).desc(), col(row.id))
        .limit(limit)
    )
    total = session.execute(select(func.count()).select_from(MessageRow).where(wanted)).scalar_one()
    return [ListedMessage(*row) for row in session.execute(statement)], total
