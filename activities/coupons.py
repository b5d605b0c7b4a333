"""What becomes of a step's coupon: reserved with the claim, issued with the message, else released.

All of it but the issue happens under the customer's locks, where steps are decided and campaigns are closed;
so that a worker that dies in between leaves a coupon that the next decision, or the close, settles.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from campaign.definition.steps import Step
from campaign.facts import MessageState
from campaign.offers.choice import Choice, Grant, choose, coupon_of, day_of, reckoned_cost
from campaign.offers.coupons import CouponState, HeldCoupon, OfferStock, Origin
from campaign.offers.validity import valid_until, zone_of
from campaign.rules.consent import Permission
from campaign.rules.decision import Decision, Kind
from campaign.rules.table import WAITS_FOR_CODE
from counters import COUPONS_ISSUED
from storage.queries.campaigns.facts import RunFacts, RunMessage
from storage.queries.coupons.reserving import (
    DayLimit,
    Wanted,
    count_given,
    record_empty,
    take_coupon,
    uncount_given,
)
from storage.queries.coupons.settling import give_back, issue_coupon, release_coupon, void_coupon

_MAY_HAVE_GONE = (MessageState.SENDING, MessageState.SENT, MessageState.UNCONFIRMED)


def choice_of(run: RunFacts, step: Step, decision: Decision, now: datetime) -> Choice:
    """Return which coupon the step's messages show."""
    audience = step.audience(decision.segment)
    return choose(run.definition, run.facts, step, audience, decision.window, now)


def awaited_offer(run: RunFacts, step: Step, decision: Decision, now: datetime) -> str | None:
    """Return the offer whose new codes would end the step's wait, if it waits for codes."""
    if decision.kind is not Kind.WAIT or decision.reason not in WAITS_FOR_CODE:
        return None
    choice = choice_of(run, step, decision, now)
    return choice.name if choice.run_out else None


def coupon_for(choice: Choice, permission: Permission) -> int | None:
    """Return the coupon of a message under a permission: the question of double opt-in shows none."""
    return choice.held.id if choice.held and not permission.pending else None


def coupon_of_message(run: RunFacts, message: RunMessage) -> HeldCoupon | None:
    """Return the coupon that a message shows, if it shows one of the customer's own."""
    return next((c for c in run.facts.coupons if c.id == message.coupon_id), None)


def settle_step(session: Session, run: RunFacts, step: Step, decision: Decision, now: datetime) -> RunFacts:
    """Release the step's coupon where what is decided now has no use for it; return the facts then.

    One that is issued stays, unless its messages have failed since: then nobody has it, and it is void.
    """
    held = coupon_of(run.facts, step)
    if held is None or not held.state.open:
        return run
    carriers = _carriers(run, held)
    if any(message.state in _MAY_HAVE_GONE for message in carriers):
        return run
    if decision.kind is Kind.WAIT and any(m.state is MessageState.CLAIMED for m in carriers):
        return run
    if _sends(decision) and choice_of(run, step, decision, now).grant is Grant.HELD:
        return run
    if held.state is CouponState.ISSUED:
        void_coupon(session, held.id, now)
        return _without(run, held, CouponState.VOID)
    return _without(run, held, _release(session, run, held, carriers, now))


def reserve_for(
    session: Session, run: RunFacts, step: Step, decision: Decision, now: datetime
) -> RunFacts | None:
    """Take the coupon that the decided messages show; None if there is none: `without_codes` says so then."""
    choice = choice_of(run, step, decision, now)
    if not _sends(decision) or choice.grant is not Grant.NEW:
        return run
    taken = _take(session, run, step, choice, now)
    if taken is None:
        return None
    return replace(run, facts=replace(run.facts, coupons=(taken, *run.facts.coupons)))


def without_codes(run: RunFacts, step: Step, decision: Decision, now: datetime) -> RunFacts:
    """Return the facts as they are once an offer has been found to have no code to give now."""
    name = choice_of(run, step, decision, now).name
    stock = replace(run.facts.offers.get(name, OfferStock()), empty_since=now)
    return replace(run, facts=replace(run.facts, offers={**run.facts.offers, name: stock}))


def settle_all(session: Session, run: RunFacts, now: datetime) -> None:
    """At a campaign's end: issue what may have gone, release what has not, void what cannot have arrived.

    ``run`` is as it was before the campaign's messages were settled: what was being sent then may have gone.
    An issued coupon is the customer's until the date that its message shows, even past the campaign.
    """
    mine = (c for c in run.facts.coupons if c.order_id == run.order_id)
    for coupon in mine:
        carriers = _carriers(run, coupon)
        gone = any(message.state in _MAY_HAVE_GONE for message in carriers)
        if coupon.state is CouponState.RESERVED and gone:
            if issue_coupon(session, coupon.id, now):
                COUPONS_ISSUED.labels(coupon.offer).inc()
        elif coupon.state is CouponState.RESERVED:
            _release(session, run, coupon, carriers, now)
        elif coupon.state is CouponState.ISSUED and carriers and not gone:
            void_coupon(session, coupon.id, now)


def _sends(decision: Decision) -> bool:
    return any(not permission.pending for permission in (decision.send or {}).values())


def _take(session: Session, run: RunFacts, step: Step, choice: Choice, now: datetime) -> HeldCoupon | None:
    """Take a code and count it; where there is none, record that, or that the day has had its share."""
    offer = choice.offer
    if offer is None or offer.valid_for is None:
        return None
    cost, day = reckoned_cost(run.definition, offer, run.facts), day_of(run.definition, now)
    limit = DayLimit(day, offer.max_per_day, offer.max_cost_per_day)
    if offer.capped_by_day and not count_given(session, choice.name, cost, limit):
        return None
    expires_at = valid_until(now, offer.valid_for, zone_of(run.definition, run.facts.customer))
    wanted = Wanted(
        choice.name, run.order_id, step.name, run.contact.customer_id, now, expires_at=expires_at, cost=cost
    )
    taken = take_coupon(session, wanted)
    if taken is None:
        record_empty(session, choice.name, now)
        if offer.capped_by_day:
            uncount_given(session, choice.name, cost, day)
    return taken


def _carriers(run: RunFacts, coupon: HeldCoupon) -> list[RunMessage]:
    return [message for message in run.messages.values() if message.coupon_id == coupon.id]


def _release(
    session: Session, run: RunFacts, coupon: HeldCoupon, carriers: list[RunMessage], now: datetime
) -> CouponState:
    """Release a coupon. One of a pool is there for others if no message with it was ever handed over."""
    offer = run.definition.offers.get(coupon.offer)
    if offer and offer.capped_by_day:
        uncount_given(session, coupon.offer, coupon.cost, day_of(run.definition, coupon.at))
    if coupon.origin is Origin.POOL and all(message.attempted is None for message in carriers):
        give_back(session, coupon.id, coupon.offer)
        return CouponState.AVAILABLE
    release_coupon(session, coupon.id, now)
    return CouponState.RELEASED


def _without(run: RunFacts, coupon: HeldCoupon, state: CouponState) -> RunFacts:
    others = tuple(c for c in run.facts.coupons if c.id != coupon.id)
    kept = () if state is CouponState.AVAILABLE else (replace(coupon, state=state),)
    return replace(run, facts=replace(run.facts, coupons=(*kept, *others)))
