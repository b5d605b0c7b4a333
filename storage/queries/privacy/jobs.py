"""Erasures as they are recorded, and what is still to be done of them outside the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from storage.inserts import insert_row
from storage.tables import ErasureJobRow, ErasureRow

LEASE = timedelta(minutes=5)
"""Longer than an attempt takes; where its holder dies, another does it again."""


@dataclass(frozen=True)
class ErasureJob:
    """What of an erased person is to be sought in Temporal and the outbox."""

    id: int
    erased_at: datetime
    attempts: int
    customer_ids: tuple[str, ...]
    order_ids: tuple[str, ...]


def record_erasure(
    session: Session, source: str, digests: Collection[str], counts: Mapping[str, int], now: datetime
) -> None:
    """Record that a person was erased: when, on whose request, how much, not who."""
    values = {"at": now, "source": source, "digests": sorted(digests), "counts": dict(counts)}
    insert_row(session, ErasureRow, **values)


def add_job(
    session: Session, customer_ids: Collection[str], order_ids: Collection[str], now: datetime
) -> None:
    """Record what is to be done outside the database, in the erasure's own transaction."""
    insert_row(
        session, ErasureJobRow, erased_at=now, due_at=now, attempts=0,
        customer_ids=sorted(customer_ids), order_ids=sorted(order_ids),
    )  # fmt: skip


def claim_job(session: Session, now: datetime) -> ErasureJob | None:
    """Lease the job that has been due for longest; None if none is due."""
    due = select(ErasureJobRow).where(ErasureJobRow.due_at <= now).order_by(col(ErasureJobRow.due_at))
    row = session.exec(due.limit(1).with_for_update(skip_locked=True)).first()
    if row is None or row.id is None:
        return None
    row.due_at = now + LEASE
    session.add(row)
    session.flush()
    return ErasureJob(row.id, row.erased_at, row.attempts, tuple(row.customer_ids), tuple(row.order_ids))


def postpone_job(session: Session, job: ErasureJob, until: datetime, *, failed: bool) -> None:
    """Let a job be tried again then."""
    attempts = job.attempts + 1 if failed else 0
    statement = update(ErasureJobRow).where(col(ErasureJobRow.id) == job.id)
    session.connection().execute(statement.values(due_at=until, attempts=attempts))


def end_job(session: Session, job: ErasureJob) -> None:
    """Delete a job that is done: nothing names the person any more."""
    session.connection().execute(delete(ErasureJobRow).where(col(ErasureJobRow.id) == job.id))


def count_jobs(session: Session) -> int:
    """Return how many erasures are not done yet outside the database."""
    return session.exec(select(func.count()).select_from(ErasureJobRow)).one()
