"""Ghosts: what a customer of the holdout would have been sent, so that the campaign can be measured."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from campaign.facts import MessageState, Purpose
from campaign.reasons import Reason
from campaign.rules.decision import Decision
from storage.queries.messages import add_message, message_id
from storage.tables import MessageRow, RunRow


def record_ghosts(session: Session, run: RunRow, step: str, decision: Decision, now: datetime) -> None:
    """Record a decision's ghosts, a row for each channel, settled from the start, without text or recipient.

    ``claimed_at`` is when the message would have gone out. A step decided again adds nothing: its ghosts
    are among the facts by then.
    """
    for channel, permission in (decision.ghost or {}).items():
        add_message(
            session,
            MessageRow(
                id=message_id(run.order_id, step, channel),
                order_id=run.order_id,
                customer_id=run.customer_id,
                step=step,
                channel=channel.value,
                segment=decision.segment,
                purpose=(Purpose.OPT_IN if permission.pending else Purpose.MARKETING).value,
                state=MessageState.HELD_OUT.value,
                reason=Reason.HOLDOUT.value,
                consent_id=permission.consent_id,
                due_at=decision.window.due,
                latest_at=decision.window.latest,
                claimed_at=now,
            ),
        )
