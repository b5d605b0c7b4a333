"""How far a file has been imported: committed with the rows themselves, so that none is taken twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, update
from sqlmodel import Session, col

from storage.columns import UtcDateTime
from storage.inserts import insert_once
from storage.tables import ImportRow

_MINE = (col(ImportRow.digest) == bindparam("of_digest"), col(ImportRow.kind) == bindparam("of_kind"))
_MOVE = (
    update(ImportRow)
    .where(*_MINE, col(ImportRow.position) == bindparam("before"), col(ImportRow.ended_at).is_(None))
    .values(
        position=bindparam("after"),
        rows_read=bindparam("read"),
        accepted=bindparam("taken"),
        refused=bindparam("left"),
        ended_at=bindparam("ended", type_=UtcDateTime),
    )
)
_FORGET = delete(ImportRow).where(*_MINE)


@dataclass(frozen=True)
class Progress:
    """How far an import is. ``position``: the byte of the file that is next; the others count rows."""

    position: int = 0
    rows: int = 0
    accepted: int = 0
    refused: int = 0
    ended_at: datetime | None = None

    @property
    def unchanged(self) -> int:
        """Rows that said nothing new."""
        return self.rows - self.accepted - self.refused


def begin_import(session: Session, digest: str, kind: str, now: datetime) -> Progress:
    """Return how far this file has come; it begins here where it is new."""
    values = {"rows_read": 0, "position": 0, "accepted": 0, "refused": 0, "started_at": now}
    insert_once(session, ImportRow, digest=digest, kind=kind, **values)
    row = session.get(ImportRow, (digest, kind))
    assert row is not None  # noqa: S101 - inserted above
    return Progress(row.position, row.rows_read, row.accepted, row.refused, row.ended_at)


def forget_import(session: Session, digest: str, kind: str) -> None:
    """Let the file begin anew."""
    session.connection().execute(_FORGET, {"of_digest": digest, "of_kind": kind})


def move_import(session: Session, digest: str, kind: str, before: int, to: Progress) -> bool:
    """Write down how far it has come; False if it is elsewhere than it was ``before``: another one runs."""
    values = {
        "of_digest": digest, "of_kind": kind, "before": before, "after": to.position, "read": to.rows,
        "taken": to.accepted, "left": to.refused, "ended": to.ended_at,
    }  # fmt: skip
    return session.connection().execute(_MOVE, values).rowcount == 1
