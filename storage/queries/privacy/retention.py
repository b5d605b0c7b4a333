"""What is old enough to be erased: texts of messages, digests of requests, payloads, settled replies.

A batch is a transaction of its own, and passes over rows that somebody holds: nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, text, tuple_, update
from sqlalchemy.engine import CursorResult
from sqlmodel import Session, SQLModel, col

from campaign.facts import MessageState
from storage.database import Database
from storage.queries.inbox.states import State
from storage.queries.people.kept_opt_outs import ERASED
from storage.tables import InboxRow, KeptOptOutRow, MessageRow, ReplyRow, ShopEventRow, WebhookRow

BATCH = 1_000
MOST_BATCHES = 500
"""Of one kind, in one turn: the next turn does the rest."""
_SETTLED = [state.value for state in MessageState if state.settled]
_IS_MARK = text(f"kept_opt_outs.reason = '{ERASED}'")
"""Written out, so that PostgreSQL sees that the partial index holds them all."""
_KEPT_WHOLE = [State.DISCARDED.value, State.REFUSED.value, State.UNMATCHED.value]


@dataclass(frozen=True)
class Cutoffs:
    """What lies before these times is erased."""

    texts: datetime
    webhooks: datetime
    inbox: datetime


def erase_old(database: Database, cutoffs: Cutoffs) -> dict[str, int]:
    """Erase what is old; return how many rows of each kind."""
    return {name: _in_batches(database, statement) for name, statement in _statements(cutoffs).items()}


def _in_batches(database: Database, statement: Any) -> int:
    total = 0
    for _ in range(MOST_BATCHES):
        done = database.retrying(_one_batch(statement))
        total += done
        if done < BATCH:
            break
    return total


def _one_batch(statement: Any) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        done = session.connection().execute(statement)
        assert isinstance(done, CursorResult)  # noqa: S101 - what changes rows counts them
        return done.rowcount

    return work


def _statements(cutoffs: Cutoffs) -> dict[str, Any]:
    message, row = MessageRow, InboxRow
    old_text = (col(message.text).is_not(None), col(message.claimed_at) < cutoffs.texts)
    old_row = col(row.settled_at) < cutoffs.inbox
    kept_whole = (col(row.state).in_(_KEPT_WHOLE), old_row, col(row.body).is_not(None))
    return {
        "message_texts": update(message)
        .where(_batch(message, ["id"], message.claimed_at, *old_text, col(message.state).in_(_SETTLED)))
        .values(subject=None, html=None, text=None),
        "webhooks": _delete(WebhookRow, ["digest"], "at", cutoffs.webhooks),
        "shop_events": _delete(ShopEventRow, ["shop", "event_id"], "received_at", cutoffs.webhooks),
        "inbox_rows": delete(row).where(
            _batch(row, ["id"], row.settled_at, col(row.state) == State.DONE.value, old_row)
        ),
        "inbox_payloads": update(row)
        .where(_batch(row, ["id"], row.settled_at, *kept_whole))
        .values(body=None, state=State.DISCARDED.value),
        "replies": _delete(ReplyRow, ["id"], "settled_at", cutoffs.inbox),
        "erased_addresses": delete(KeptOptOutRow).where(_IS_MARK, col(KeptOptOutRow.at) < cutoffs.texts),
    }


def _delete(table: type[SQLModel], key: list[str], at: str, before: datetime) -> Any:
    column = getattr(table, at)
    return delete(table).where(_batch(table, key, column, column < before))


def _batch(table: type[SQLModel], key: list[str], oldest: Any, *conditions: Any) -> ColumnElement[bool]:
    """Return the condition that a row is of the next batch, the oldest first."""
    columns = [getattr(table, name) for name in key]
    wanted = select(*columns).where(*conditions).order_by(oldest).limit(BATCH)
    return tuple_(*columns).in_(wanted.with_for_update(skip_locked=True, of=table))
