"""Requests about persons' data, from shops: recorded, approved, settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from campaign.errors import NotFound
from storage.tables import PersonRequestRow

MOST = 200


class RequestState(StrEnum):
    """How a request stands: an operator has to see to it, or the worker; or it is settled."""

    OPEN = "open"
    APPROVED = "approved"
    DONE = "done"
    DISCARDED = "discarded"


def add_request(session: Session, row: PersonRequestRow) -> int:
    """Record a request; return its number. The same one that still waits is not recorded again."""
    same = (PersonRequestRow.state == row.state, PersonRequestRow.kind == row.kind)
    statement = select(PersonRequestRow.id).where(*same, PersonRequestRow.who == row.who)
    if known := session.exec(statement.limit(1)).first():
        return known
    session.add(row)
    session.flush()
    return row.id or 0


def waiting_requests(session: Session) -> Sequence[PersonRequestRow]:
    """Return what is not settled, oldest first, at most `MOST`."""
    waiting = col(PersonRequestRow.state).in_([RequestState.OPEN.value, RequestState.APPROVED.value])
    statement = select(PersonRequestRow).where(waiting).order_by(col(PersonRequestRow.id))
    return session.exec(statement.limit(MOST)).all()


def open_exports(session: Session) -> Sequence[PersonRequestRow]:
    """Return the exports that wait for an operator, held until the transaction ends."""
    exports = select(PersonRequestRow).where(
        PersonRequestRow.state == RequestState.OPEN.value, PersonRequestRow.kind == "export"
    )
    return session.exec(exports.order_by(col(PersonRequestRow.id)).with_for_update()).all()


def next_approved(session: Session) -> PersonRequestRow | None:
    """Return the oldest request that the worker has to do."""
    approved = select(PersonRequestRow).where(PersonRequestRow.state == RequestState.APPROVED.value)
    return session.exec(approved.order_by(col(PersonRequestRow.id)).limit(1)).first()


def get_request(session: Session, identifier: int) -> PersonRequestRow:
    """Return a request that is not settled, held until the transaction ends.

    Raises:
        NotFound: there is none.
    """
    row = session.get(PersonRequestRow, identifier, populate_existing=True, with_for_update=True)
    if row is None or row.settled_at is not None:
        msg = f"no request {identifier} waits"
        raise NotFound(msg)
    return row


def settle_request(session: Session, row: PersonRequestRow, state: RequestState, now: datetime) -> None:
    """End a request; what it knew of the person goes."""
    row.state, row.who, row.settled_at = state.value, None, now
    session.add(row)
    session.flush()
