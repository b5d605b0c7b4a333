"""Messages that are written and have not gone, when what they say has changed."""

from __future__ import annotations

from sqlalchemy import bindparam, update
from sqlmodel import Session, col

from campaign.facts import MessageState
from storage.tables import MessageRow

_CLEAR = (
    update(MessageRow)
    .where(
        col(MessageRow.customer_id) == bindparam("customer"),
        col(MessageRow.state) == MessageState.CLAIMED.value,
        col(MessageRow.text).is_not(None),
    )
    .values(subject=None, html=None, text=None)
)


def write_anew(session: Session, customer_id: str) -> None:
    """Have a customer's claimed messages decided and written again before they go: their orders have changed.

    The customer's locks are held. All of them, since a message may be about several orders.
    """
    session.connection().execute(_CLEAR, {"customer": customer_id})
