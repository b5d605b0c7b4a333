"""Enrol: save the order, freeze the campaign's version, plan the steps, find older campaigns."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from activities.interface import Enrolled, EnrolRequest, PlannedStep, Wait
from campaign.customers.history import segment_of, superseded
from campaign.definition.model import Definition, Step
from campaign.errors import BadPurchase
from campaign.problems import time_problems
from campaign.reasons import Reason
from campaign.rules.decision import decide
from campaign.rules.holdout import in_holdout
from storage.database import Database
from storage.queries.customers import lock_customer
from storage.queries.orders import save_order
from storage.queries.runs import Loaded, load, open_runs, store_definition
from storage.tables import RunRow


def enrol(database: Database, definition: Definition, request: EnrolRequest) -> Enrolled:
    """Open the order's run, once for ever.

    Raises:
        BadPurchase: another order has this id, or it lies in the future.
    """
    purchase = request.purchase
    if problems := time_problems("placed_at", purchase.placed_at, request.now):
        raise BadPurchase(problems)
    with database.transaction() as session:
        lock_customer(session, purchase.customer_id)
        save_order(session, purchase)
        run = session.get(RunRow, purchase.order_id)
        if run is not None and run.workflow_run_id != request.run_id:
            return Enrolled(duplicate=True)
        if run is None:
            _open(session, definition, request)
        loaded = load(session, purchase.order_id, request.now)
        return Enrolled(
            segment=segment_of(loaded.definition, loaded.facts.orders),
            steps=_plan(loaded, request.now),
            supersedes=superseded(
                loaded.facts, (r.order_id for r in open_runs(session, purchase.customer_id))
            ),
        )


def _open(session: Session, definition: Definition, request: EnrolRequest) -> None:
    purchase = request.purchase
    session.add(
        RunRow(
            order_id=purchase.order_id,
            customer_id=purchase.customer_id,
            digest=store_definition(session, definition, request.now),
            workflow_run_id=request.run_id,
            holdout=in_holdout(definition, purchase.customer_id),
            opened_at=request.now,
        )
    )
    session.flush()


def _plan(loaded: Loaded, now: datetime) -> list[PlannedStep]:
    return [
        PlannedStep(name=step.name, title=step.title, wake=first_wait(loaded, step, now))
        for step in loaded.definition.steps
    ]


def first_wait(loaded: Loaded, step: Step, now: datetime) -> Wait:
    """Return when to look at a step that has not been decided yet."""
    decision = decide(loaded.definition, loaded.facts, step, now)
    if decision.reason is Reason.AWAITING_EVENT and decision.until:
        return Wait(at=decision.until, reason=decision.reason)
    return Wait(at=decision.until or now)
