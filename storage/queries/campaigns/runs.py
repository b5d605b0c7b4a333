"""Campaign runs, the definition versions they keep, and how their steps stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from campaign.definition.loading import definition_text, stored_definition
from campaign.definition.templates import stored_texts
from campaign.definition.version import Version
from campaign.reasons import Reason
from campaign.rules.decision import Decision
from storage.inserts import insert_once, insert_or_update
from storage.rows import get_row
from storage.tables import DefinitionRow, RunRow, StepRow

_KEPT_VERSIONS = 256
_versions: dict[str, Version] = {}
"""Versions by digest. What a digest names never changes, so that it is read once a process."""

_SEGMENT = update(RunRow).where(col(RunRow.order_id) == bindparam("run")).values(segment=bindparam("to"))
_CLOSE = (
    update(RunRow)
    .where(col(RunRow.order_id) == bindparam("run"), col(RunRow.closed_at).is_(None))
    .values(closed_at=bindparam("at"), exit_reason=bindparam("why"))
)


def store_version(session: Session, version: Version, now: datetime) -> str:
    """Keep this version of the campaign; return its digest."""
    insert_once(
        session,
        DefinitionRow,
        digest=version.digest,
        name=version.definition.name,
        body=definition_text(version.definition),
        templates=version.templates.stored if version.templates else None,
        stored_at=now,
    )
    return version.digest


def load_version(session: Session, digest: str) -> Version:
    """Return a stored version.

    Raises:
        NotFound: no such version.
    """
    known = _versions.get(digest)
    return known or _remember(digest, _read_version(session, digest))


def _read_version(session: Session, digest: str) -> Version:
    row = get_row(session, DefinitionRow, digest, "no campaign version", fresh=False)
    templates = None if row.templates is None else stored_texts(row.templates)
    return Version(stored_definition(row.body), templates)


def _remember(digest: str, version: Version) -> Version:
    if len(_versions) >= _KEPT_VERSIONS:
        _versions.clear()
    return _versions.setdefault(digest, version)


def get_run(session: Session, order_id: str) -> RunRow:
    """Return a run, read anew.

    Raises:
        NotFound: the order has no campaign.
    """
    return get_row(session, RunRow, order_id, "no campaign for order")


def record_step(
    session: Session,
    order_id: str,
    step: str,
    decision: Decision,
    now: datetime,
    awaits_offer: str | None = None,
) -> None:
    """Keep how a step stands: what was decided last, and why; the offer whose codes it waits for, if any."""
    insert_or_update(
        session,
        StepRow,
        order_id=order_id,
        step=step,
        kind=decision.kind.value,
        reason=decision.reason.value,
        decided_at=now,
        next_at=decision.until,
        awaits_offer=awaits_offer,
    )


def record_segment(session: Session, order_id: str, segment: str) -> None:
    """Keep the segment that the customer is in now."""
    session.connection().execute(_SEGMENT, {"run": order_id, "to": segment})


def steps_of(session: Session, order_id: str) -> Sequence[StepRow]:
    """Return how the run's steps stand, in the order they were first decided."""
    statement = select(StepRow).where(StepRow.order_id == order_id).order_by(col(StepRow.decided_at))
    return session.exec(statement).all()


def is_run_of(session: Session, order_id: str, workflow_run_id: str) -> bool:
    """Return whether the order has a run, and it is that workflow's."""
    statement = select(RunRow.workflow_run_id).where(RunRow.order_id == order_id)
    return session.exec(statement).first() == workflow_run_id


def close_run(session: Session, order_id: str, reason: Reason, now: datetime) -> bool:
    """End a run; False if it has ended already: it keeps its first reason."""
    values = {"run": order_id, "at": now, "why": reason.value}
    return session.connection().execute(_CLOSE, values).rowcount > 0
