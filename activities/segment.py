"""Segment: decide a step with the facts of this moment, and claim its messages."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from activities.enrol import first_wait
from activities.ghosts import record_ghosts
from activities.interface import ClaimedMessage, SegmentRequest, StepDecision
from activities.news import record_news
from campaign.definition.model import Step
from campaign.facts import MessageState, Purpose
from campaign.reasons import Channel, Reason
from campaign.rules.consent import Permission
from campaign.rules.decision import Decision, Kind, decide
from storage.database import Database
from storage.queries.messages import add_message, get_message, message_id, settle
from storage.queries.runs import Loaded, load, record_step
from storage.tables import MessageRow


def segment(database: Database, request: SegmentRequest) -> StepDecision:
    """Decide a step under the customer's lock, and write the decision and its claims down.

    Raises:
        NotFound: the order has no campaign, or not this step.
    """
    with database.transaction() as session:
        record_news(session, request.order_id, request.news)
        loaded = load(session, request.order_id, request.now)
        step = loaded.definition.step(request.step)
        if _settle_overdue(session, loaded, step, request.now):
            loaded = load(session, request.order_id, request.now)
        decision = decide(loaded.definition, loaded.facts, step, request.now)
        record_step(session, request.order_id, step.name, decision, request.now)
        loaded.run.segment = decision.segment
        _release(session, loaded, step, decision, request.now)
        record_ghosts(session, loaded.run, step.name, decision, request.now)
        claims = _claims(session, loaded, step, decision, request.now)
        return _answer(loaded, step, decision, claims, request.now)


def _settle_overdue(session: Session, loaded: Loaded, step: Step, now: datetime) -> bool:
    """What was being sent when its window closed is unconfirmed: it must never be sent again.

    True if there was any: the facts have changed.
    """
    mine = loaded.facts.mine(step.name).values()
    sending = [get_message(session, m.id) for m in mine if m.state is MessageState.SENDING]
    overdue = [row for row in sending if now > row.latest_at]
    for row in overdue:
        settle(session, row, MessageState.UNCONFIRMED, now, Reason.UNCONFIRMED)
    return bool(overdue)


def _release(session: Session, loaded: Loaded, step: Step, decision: Decision, now: datetime) -> None:
    """A claimed message that is not to be sent after all is skipped, with the reason why."""
    for channel, message in loaded.facts.mine(step.name).items():
        blocked = (decision.blocked or {}).get(channel)
        given_up = decision.kind in (Kind.SKIP, Kind.EXIT) or blocked is not None
        if message.state is MessageState.CLAIMED and given_up:
            row = get_message(session, message.id)
            settle(session, row, MessageState.SKIPPED, now, blocked or decision.reason)


def _claims(
    session: Session, loaded: Loaded, step: Step, decision: Decision, now: datetime
) -> list[ClaimedMessage]:
    return [
        ClaimedMessage(
            id=_claim(session, loaded, step, channel, permission, decision, now),
            channel=channel,
            latest=decision.window.latest,
        )
        for channel, permission in (decision.send or {}).items()
    ]


def _claim(
    session: Session,
    loaded: Loaded,
    step: Step,
    channel: Channel,
    permission: Permission,
    decision: Decision,
    now: datetime,
) -> str:
    identifier = message_id(loaded.run.order_id, step.name, channel)
    if channel not in loaded.facts.mine(step.name):
        add_message(
            session,
            MessageRow(
                id=identifier,
                order_id=loaded.run.order_id,
                customer_id=loaded.run.customer_id,
                step=step.name,
                channel=channel.value,
                segment=decision.segment,
                purpose=(Purpose.OPT_IN if permission.pending else Purpose.MARKETING).value,
                state=MessageState.CLAIMED.value,
                consent_id=permission.consent_id,
                due_at=decision.window.due,
                latest_at=decision.window.latest,
                claimed_at=now,
            ),
        )
    return identifier


def _answer(
    loaded: Loaded, step: Step, decision: Decision, claims: list[ClaimedMessage], now: datetime
) -> StepDecision:
    following = loaded.definition.after(step.name)
    values = {
        "until": decision.until,
        "messages": claims,
        "more": decision.more,
        "following": following and first_wait(loaded, following, now),
    }
    return StepDecision(
        kind=decision.kind,
        reason=decision.reason,
        segment=decision.segment,
        **{name: value for name, value in values.items() if value},
    )
