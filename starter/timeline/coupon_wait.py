"""A campaign that waits for a coupon code: why, when it looks again, and when it goes without one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from campaign.offers.choice import Grant
from campaign.reasons import Reason
from campaign.rules.decision import Decision, Kind
from campaign.rules.question import Question
from campaign.rules.table import WAITS_FOR_CODE
from campaign.timeline.outcomes import Outcome

Rows = Sequence[dict[str, Any]]
"""The steps of a run as `starter.reports.order_report` has them."""

_RUN_OUT = "no code of the offer {} is left"
_GIVEN = "the offer {} has given what it gives in a day"
_AGAIN = "the offer {} has codes again"


def coupon_wait(question: Question, decision: Decision, rows: Rows, coming: Outcome) -> dict[str, Any] | None:
    """Return why a step waits for a code, and until when; None where it does not wait for one.

    ``looks_again_at`` is what the campaign itself has recorded, as its `status` and the Web UI show it.
    ``until_codes``: codes would wake it; ``soon``: they are there, and the schedule that looks for them is
    about to. ``without_at``: when its message goes without the offer, if no code
    comes; None where it does not.
    """
    choice = question.coupon(question.now)
    later = choice.grant is Grant.LATER and decision.reason in WAITS_FOR_CODE
    recorded = _recorded(question, rows, WAITS_FOR_CODE if later else (Reason.NO_COUPON,))
    if not choice.name or not (recorded or later):
        return None
    why = _AGAIN if not later else _RUN_OUT if choice.run_out else _GIVEN
    return {
        "offer": choice.name,
        "why": why.format(choice.name),
        "looks_again_at": recorded or decision.until,
        "until_codes": choice.run_out,
        "soon": not later and _awaits(question, rows, choice.name),
        "without_at": next((message.at for message in coming.messages if message.without), None),
    }


def _awaits(question: Question, rows: Rows, offer: str) -> bool:
    """Return whether the step has recorded that codes of the offer would wake it."""
    return any((row["step"], row["awaits_offer"]) == (question.step.name, offer) for row in rows)


def _recorded(question: Question, rows: Rows, reasons: Collection[Reason]) -> datetime | None:
    """Return when the campaign itself looks again, if its last decision was to wait for such a reason."""
    row = next((row for row in rows if row["step"] == question.step.name), None)
    if row is None or row["decision"] != Kind.WAIT or row["reason"] not in reasons:
        return None
    at: datetime | None = row["next_at"]
    return at if at and at > question.now else None
