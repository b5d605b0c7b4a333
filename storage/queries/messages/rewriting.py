"""Messages that are claimed and have not gone, when what they say has changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from campaign.facts import MessageState
from storage.columns import UtcDateTime
from storage.tables import MessageRow

_CLAIMED = col(MessageRow.state) == MessageState.CLAIMED.value
_OF_CUSTOMER = select(col(MessageRow.id), col(MessageRow.claimed_at)).where(
    col(MessageRow.customer_id) == bindparam("customer"), _CLAIMED
)
_AT: Any = bindparam("claimed", type_=UtcDateTime)
_CLEAR = (
    update(MessageRow)
    .where(col(MessageRow.id) == bindparam("message"), _CLAIMED)
    .values(claimed_at=_AT, subject=None, html=None, text=None)
)
_ANEW = timedelta(microseconds=1)


def write_anew(session: Session, customer_id: str) -> None:
    """Have a customer's claimed messages decided and written again before they go: their orders have changed.

    The customer's locks are held. All of them, since a message may be about several orders. Each is claimed
    anew, a moment later, so that a text that is being written just now is not kept (`write_body`).
    """
    found = session.connection().execute(_OF_CUSTOMER, {"customer": customer_id}).all()
    rows = [{"message": row.id, "claimed": row.claimed_at + _ANEW} for row in found]
    if rows:
        session.connection().execute(_CLEAR, rows)
