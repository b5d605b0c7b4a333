"""Segment: decide a step with the facts of this moment, and claim its messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from activities.coupons import awaited_offer, choice_of, coupon_for, reserve_for, settle_step, without_codes
from activities.enrol import first_wait
from activities.interface import ClaimedMessage, ReceivedSignal, SegmentRequest, StepDecision
from campaign.definition.steps import Step
from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel, Reason
from campaign.rules.consent import Permission
from campaign.rules.decision import Decision, Kind, decide
from campaign.rules.fallback import failed_before, watch_until
from intake.order_news import record_repurchase, record_stop, record_update
from storage.database import Database
from storage.queries.campaigns.facts import RunFacts, RunMessage, load_run
from storage.queries.campaigns.runs import record_segment, record_step
from storage.queries.messages.messages import (
    Claim,
    claim_message,
    get_message,
    move_message,
    refresh_claim,
    unconfirm_message,
)
from storage.queries.people.locks import lock_order


def segment(database: Database, request: SegmentRequest) -> StepDecision:
    """Decide a step under the customer's locks, and write the decision and its claims down.

    Raises:
        NotFound: the order has no campaign, or not this step.
    """
    with database.transaction() as session:
        run = _load(session, request)
        step = run.definition.step(request.step)
        decision = decide(run.definition, run.facts, step, request.now)
        awaited = awaited_offer(run, step, decision, request.now)
        record_step(session, run.order_id, step.name, decision, request.now, awaited)
        if decision.segment != run.segment:
            record_segment(session, run.order_id, decision.segment)
        failed = failed_before(run.definition, run.facts, step, request.now)
        if failed and decision.kind is not Kind.EXIT:
            return _failed_first(decision, failed, request.now)
        _skip_withdrawn(session, run, step, decision, request.now)
        run, decision = _with_coupon(session, run, step, decision, request.now)
        _record_ghosts(session, run, step, decision, request.now)
        claims = _claims(session, run, step, decision, request.now)
    return _answer(run, step, decision, claims, request.now)


def _with_coupon(
    session: Session, run: RunFacts, step: Step, decision: Decision, now: datetime
) -> tuple[RunFacts, Decision]:
    """Release or reserve the step's coupon; where its offer has run out, the step is decided with that."""
    run = settle_step(session, run, step, decision, now)
    reserved = reserve_for(session, run, step, decision, now)
    if reserved is not None:
        return reserved, decision
    run = without_codes(run, step, decision, now)
    again = decide(run.definition, run.facts, step, now)
    record_step(session, run.order_id, step.name, again, now, awaited_offer(run, step, again, now))
    return run, again


def _failed_first(decision: Decision, failed: list[str], now: datetime) -> StepDecision:
    """Claim nothing for this step yet: its message would hold back the one that takes over."""
    return StepDecision(
        kind=Kind.WAIT, reason=Reason.FAILED, segment=decision.segment, until=now, failed=failed
    )


def _load(session: Session, request: SegmentRequest) -> RunFacts:
    """Read the run, after the news has been recorded and what was overdue has been settled."""
    lock_order(session, request.order_id)
    if request.news:
        record_news(session, request.order_id, request.news)
    run = load_run(session, request.order_id)
    if _settle_overdue(session, run, request.step, request.now):
        return load_run(session, request.order_id)
    return run


def record_news(session: Session, order_id: str, news: Iterable[ReceivedSignal]) -> None:
    """Record what the signals brought."""
    for item in news:
        if item.update is not None:
            record_update(session, order_id, item.update)
        if item.repurchased is not None:
            record_repurchase(session, order_id, item.repurchased)
        if item.stop is not None:
            record_stop(session, order_id, item.stop)


def _settle_overdue(session: Session, run: RunFacts, step: str, now: datetime) -> bool:
    """What was being sent when its window closed is unconfirmed: it must never be sent again.

    True if there was any: the facts have changed.
    """
    mine = [message for message in run.messages.values() if message.step == step]
    overdue = [m for m in mine if m.state is MessageState.SENDING and now > m.latest]
    for message in overdue:
        unconfirm_message(session, message.id, now)
    return bool(overdue)


def _skip_withdrawn(session: Session, run: RunFacts, step: Step, decision: Decision, now: datetime) -> None:
    """A claimed message that is not to be sent after all is skipped, with the reason why."""
    for message in run.messages.values():
        if message.step != step.name or message.state is not MessageState.CLAIMED:
            continue
        blocked = (decision.blocked or {}).get(message.channel)
        if decision.kind in (Kind.SKIP, Kind.EXIT) or blocked is not None:
            row = get_message(session, message.id)
            move_message(session, row, MessageState.SKIPPED, now, blocked or decision.reason)


def _record_ghosts(session: Session, run: RunFacts, step: Step, decision: Decision, now: datetime) -> None:
    """Record what a customer of the holdout would have been sent now, so that the campaign can be measured.

    Settled from the start, without text or recipient. A step decided again adds nothing: its ghosts are among
    the facts by then.
    """
    for channel, permission in (decision.ghost or {}).items():
        claim = claim_of(run, step, channel, permission, decision, now)
        claim_message(session, claim, now, MessageState.HELD_OUT, Reason.HOLDOUT)


def _claims(
    session: Session, run: RunFacts, step: Step, decision: Decision, now: datetime
) -> list[ClaimedMessage]:
    return [
        _claim(session, run, claim_of(run, step, channel, permission, decision, now), now)
        for channel, permission in (decision.send or {}).items()
    ]


def claim_of(
    run: RunFacts, step: Step, channel: Channel, permission: Permission, decision: Decision, now: datetime
) -> Claim:
    """Return what a message is to be claimed as by a decision."""
    return Claim(
        order_id=run.order_id,
        customer_id=run.contact.customer_id,
        step=step.name,
        channel=channel,
        segment=decision.segment,
        purpose=purpose_of(permission),
        consent_id=permission.consent_id,
        address=run.contact.keys.get(channel),
        due=decision.window.due,
        latest=_latest(run, step, decision, now),
        coupon_id=coupon_for(choice_of(run, step, decision, now), permission),
    )


def _latest(run: RunFacts, step: Step, decision: Decision, now: datetime) -> datetime:
    """Return until when a message that is claimed now may be sent as it is written.

    An offer with one code for all ends so long after the text was written: before half of that has passed, a
    message that a provider's outage holds back is written anew, or it would arrive with a date of the past.
    """
    latest = decision.window.latest_of_claim(now)
    offer = run.definition.offer_of(step.audience(decision.segment))
    if offer is None or offer.personal or offer.valid_for is None:
        return latest
    return min(latest, now + offer.valid_for / 2)


def purpose_of(permission: Permission) -> Purpose:
    """Return what may be sent under a permission: marketing, or the question that confirms it."""
    return Purpose.OPT_IN if permission.pending else Purpose.MARKETING


def fits(message: RunMessage, claim: Claim) -> bool:
    """Return whether a claimed message is what the decision wants: purpose, consent, address and coupon."""
    names = ("purpose", "consent_id", "address", "segment", "coupon_id")
    return all(getattr(message, name) == getattr(claim, name) for name in names)


def _claim(session: Session, run: RunFacts, claim: Claim, now: datetime) -> ClaimedMessage:
    """Claim a message, or bring the claim that is there in line with what is decided now."""
    known = run.messages.get(claim.message_id)
    latest = claim.latest
    if known is None:
        claim_message(session, claim, now)
    elif known.state is MessageState.CLAIMED and fits(known, claim) and now < known.latest <= latest:
        latest = known.latest
    elif known.state is MessageState.CLAIMED:
        refresh_claim(session, claim)
    purpose = {} if claim.purpose is Purpose.MARKETING else {"purpose": claim.purpose}
    return ClaimedMessage(id=claim.message_id, channel=claim.channel, latest=latest, **purpose)


def _answer(
    run: RunFacts, step: Step, decision: Decision, claims: list[ClaimedMessage], now: datetime
) -> StepDecision:
    following = run.definition.after(step.name)
    values = {
        "until": decision.until,
        "messages": claims,
        "more": decision.more,
        "following": following and first_wait(run, following, now),
        "watch_until": None if following else watch_until(run.definition, run.facts, step, decision, now),
    }
    return StepDecision(
        kind=decision.kind,
        reason=decision.reason,
        segment=decision.segment,
        **{name: value for name, value in values.items() if value},
    )
