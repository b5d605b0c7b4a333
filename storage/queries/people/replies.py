"""Customers' doubtful text messages: kept with their text until somebody has settled them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from campaign.errors import NotFound
from storage.tables import ReplyRow

Verdict = Literal["opt_out", "other"]


def add_reply(session: Session, sender: str, text: str, now: datetime) -> None:
    """Put a message into the list."""
    session.add(ReplyRow(sender=sender, text=text, received_at=now))
    session.flush()


def open_replies(session: Session, most: int) -> tuple[Sequence[ReplyRow], int]:
    """Return the oldest messages that are not settled, at most so many, and how many there are."""
    waiting = col(ReplyRow.settled_at).is_(None)
    rows = session.exec(select(ReplyRow).where(waiting).order_by(col(ReplyRow.id)).limit(most)).all()
    return rows, session.exec(select(func.count()).select_from(ReplyRow).where(waiting)).one()


def take_reply(session: Session, identifier: int, verdict: Verdict, now: datetime) -> tuple[str, str]:
    """Settle one message; return its sender and its text, which is not kept.

    Raises:
        NotFound: no such message waits.
    """
    statement = select(ReplyRow).where(ReplyRow.id == identifier, col(ReplyRow.settled_at).is_(None))
    row = session.exec(statement.with_for_update()).first()
    if row is None:
        msg = f"no reply {identifier} waits to be settled"
        raise NotFound(msg)
    sender, text = row.sender, row.text or ""
    row.settled_at, row.verdict, row.text = now, verdict, None
    session.add(row)
    session.flush()
    return sender, text


def settle_replies_of(session: Session, sender: str, verdict: Verdict, now: datetime) -> None:
    """Settle all that waits from a sender: their later, clear word says what they want."""
    theirs = update(ReplyRow).where(col(ReplyRow.sender) == sender, col(ReplyRow.settled_at).is_(None))
    session.connection().execute(theirs.values(settled_at=now, verdict=verdict, text=None))
