"""Campaign runs, the definition versions they keep, and how their steps stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session, col, select

from campaign.definition.loading import definition_digest, definition_text, stored_definition
from campaign.definition.model import Definition
from campaign.errors import NotFound
from campaign.facts import Facts
from campaign.reasons import Reason
from campaign.rules.decision import Decision
from storage.inserts import insert_once
from storage.queries.customers import customer_facts, lock_customer
from storage.queries.messages import messages_to
from storage.queries.orders import order_events, orders_of
from storage.tables import CustomerRow, DefinitionRow, OrderRow, RunRow, StepRow


@dataclass(frozen=True)
class Loaded:
    """A run with all that a decision about it needs."""

    run: RunRow
    order: OrderRow
    customer: CustomerRow
    definition: Definition
    facts: Facts


def store_definition(session: Session, definition: Definition, now: datetime) -> str:
    """Keep this version of the campaign; return its digest."""
    digest = definition_digest(definition)
    insert_once(
        session,
        DefinitionRow,
        digest=digest,
        name=definition.name,
        body=definition_text(definition),
        stored_at=now,
    )
    return digest


def load_definition(session: Session, digest: str) -> Definition:
    """Return a stored version.

    Raises:
        NotFound: no such version.
    """
    row = session.get(DefinitionRow, digest)
    if row is None:
        msg = f"no campaign version {digest}"
        raise NotFound(msg)
    return _parsed(row.body)


@lru_cache(maxsize=64)
def _parsed(body: str) -> Definition:
    return stored_definition(body)


def get_run(session: Session, order_id: str) -> RunRow:
    """Return a run, read anew.

    Raises:
        NotFound: the order has no campaign.
    """
    run = session.get(RunRow, order_id, populate_existing=True)
    if run is None:
        msg = f"no campaign for order {order_id}"
        raise NotFound(msg)
    return run


def open_runs(session: Session, customer_id: str) -> Sequence[RunRow]:
    """Return the customer's runs that have not ended."""
    statement = select(RunRow).where(RunRow.customer_id == customer_id, col(RunRow.closed_at).is_(None))
    return session.exec(statement).all()


def load(session: Session, order_id: str, now: datetime) -> Loaded:  # noqa: ARG001 - time is given
    """Lock the customer and read everything a decision needs, as it is at ``now``.

    Raises:
        NotFound: the order has no campaign.
    """
    customer = lock_customer(session, get_run(session, order_id).customer_id)
    run = get_run(session, order_id)
    order = session.get_one(OrderRow, order_id)
    definition = load_definition(session, run.digest)
    messages = messages_to(session, customer.id)
    facts = Facts(
        order_id=order_id,
        placed_at=order.placed_at,
        currency=order.currency,
        customer=customer_facts(session, customer),
        events=order_events(session, order_id),
        orders=orders_of(session, customer.id),
        messages=messages,
        holdout=run.holdout,
        stopped=run.stop_reason is not None,
        repurchased_by=run.repurchased_by,
    )
    return Loaded(run, order, customer, definition, facts)


def record_step(session: Session, order_id: str, step: str, decision: Decision, now: datetime) -> None:
    """Keep how a step stands: what was decided last, and why."""
    row = session.get(StepRow, (order_id, step)) or StepRow(
        order_id=order_id, step=step, kind="", reason="", decided_at=now
    )
    row.kind, row.reason = decision.kind.value, decision.reason.value
    row.decided_at, row.next_at = now, decision.until
    session.add(row)


def steps_of(session: Session, order_id: str) -> Sequence[StepRow]:
    """Return how the run's steps stand, in the order they were first decided."""
    statement = select(StepRow).where(StepRow.order_id == order_id).order_by(col(StepRow.decided_at))
    return session.exec(statement).all()


def close_run(session: Session, order_id: str, reason: Reason, now: datetime) -> None:
    """End a run; a run that has ended keeps its first reason."""
    run = get_run(session, order_id)
    if run.closed_at is None:
        run.closed_at, run.exit_reason = now, reason.value
        session.add(run)
