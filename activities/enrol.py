"""Enrol: save the order, freeze the campaign's version, plan the steps, find older campaigns."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from activities.interface import Enrolled, EnrolRequest, PlannedStep, Wait
from campaign.customers.history import superseded
from campaign.customers.segments import segment_of
from campaign.definition.model import Definition
from campaign.definition.steps import Step
from campaign.definition.templates import TemplateTexts
from campaign.definition.version import Version
from campaign.errors import BadPurchase
from campaign.problems import time_problems
from campaign.reasons import Reason
from campaign.rules.decision import decide
from campaign.rules.holdout import in_holdout
from counters import CAMPAIGNS_STARTED
from intake.coupons.redeeming import redeem_with_orders
from storage.database import Database
from storage.queries.campaigns.enrolment import Opened, Opening, open_run
from storage.queries.campaigns.facts import RunFacts, load_run
from storage.queries.people.locks import lock_customers


def enrol(
    database: Database,
    definition: Definition,
    request: EnrolRequest,
    templates: TemplateTexts | None = None,
) -> Enrolled:
    """Open the order's run, once for ever. It keeps this definition, and these templates where given.

    A run that is open already is answered again, and not counted.

    Raises:
        BadPurchase: another order has this id, or it lies in the future.
    """
    purchase = request.purchase
    if problems := time_problems("placed_at", purchase.placed_at, request.now):
        raise BadPurchase(problems)
    holdout = in_holdout(definition, purchase.customer_id)
    version = Version(definition, templates)
    with database.transaction() as session:
        lock_customers(session, [purchase.customer_id])
        opened = open_run(session, Opening(purchase, version, request.run_id, holdout, request.now))
        if opened is Opened.ELSEWHERE:
            return Enrolled(duplicate=True)
        placed = purchase.model_copy(update={"discount_codes": request.discount_codes})
        redeem_with_orders(session, [placed])
        run = load_run(session, purchase.order_id)
    if opened is Opened.NOW:
        CAMPAIGNS_STARTED.inc()
    return Enrolled(
        segment=segment_of(run.definition, run.facts, request.now),
        steps=_plan(run, request.now),
        supersedes=superseded(run.facts, run.open_runs),
        **_other_currency(run),
    )


def _other_currency(run: RunFacts) -> dict[str, str]:
    shop = run.definition.shop.currency
    return {} if run.facts.currency == shop else {"shop_currency": shop}


def _plan(run: RunFacts, now: datetime) -> list[PlannedStep]:
    return [
        PlannedStep(name=step.name, title=step.title, wake=first_wait(run, step, now))
        for step in run.definition.steps
    ]


def first_wait(run: RunFacts, step: Step, now: datetime) -> Wait:
    """Return when to look at a step that has not been decided yet.

    Whether its offer has a code to give is seen then, and recorded: who waits for codes is woken by new ones.
    """
    decision = decide(run.definition, replace(run.facts, offers={}), step, now)
    if decision.reason is Reason.AWAITING_EVENT and decision.until:
        return Wait(at=decision.until, reason=decision.reason)
    return Wait(at=decision.until or now)
