"""What Twilio's status callbacks mean.

Sources: www.twilio.com/docs/messaging/api/message-resource#message-status-values and, for the parameters,
www.twilio.com/docs/messaging/guides/track-outbound-message-status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from campaign.delivery import ProviderEvent, Report
from campaign.reasons import Channel
from channels.codes import Outcome, classify
from channels.twilio.codes import CODES

STATUSES: dict[str, ProviderEvent] = {
    "accepted": ProviderEvent.ACCEPTED,
    "scheduled": ProviderEvent.ACCEPTED,
    "queued": ProviderEvent.ACCEPTED,
    "sending": ProviderEvent.ACCEPTED,
    "sent": ProviderEvent.ACCEPTED,
    "delivered": ProviderEvent.DELIVERED,
    "partially_delivered": ProviderEvent.DELIVERED,
    "read": ProviderEvent.OPENED,
    "undelivered": ProviderEvent.UNDELIVERED,
    "failed": ProviderEvent.UNDELIVERED,
    "canceled": ProviderEvent.DROPPED,
}

# Why it was undelivered. What is not here says nothing against the number.
_OF_OUTCOME: dict[Outcome, ProviderEvent] = {
    Outcome.INVALID: ProviderEvent.INVALID,
    Outcome.OPTED_OUT: ProviderEvent.OPTED_OUT,
    Outcome.CONFIGURATION: ProviderEvent.MISCONFIGURED,
}
_BLOCKED = ("30004", "30007", "30450")
_SID = re.compile(r"[A-Za-z0-9]{1,64}")
_CODE = re.compile(r"[0-9]{1,10}")


def event_of(status: str, code: str | None) -> ProviderEvent | None:
    """Return what a ``MessageStatus`` with its ``ErrorCode`` means; None for one that is not ours."""
    event = STATUSES.get(status.lower())
    if event is not ProviderEvent.UNDELIVERED or not code:
        return event
    return ProviderEvent.BLOCKED if code in _BLOCKED else _OF_OUTCOME.get(classify(CODES, code), event)


def report_of(params: Mapping[str, str], message_id: str, now: datetime) -> Report | None:
    """Return what a status callback reports, or None where it is nothing about a message of ours.

    ``message_id`` comes from the callback's own address, ``now`` is when it came: it carries no time.
    """
    sid = params.get("MessageSid") or params.get("SmsSid") or ""
    state = params.get("MessageStatus") or params.get("SmsStatus") or ""
    code = params.get("ErrorCode") or None
    event = event_of(state, code)
    if event is None or not message_id.isalnum() or not _SID.fullmatch(sid):
        return None
    return Report(
        message_id=message_id,
        channel=Channel.SMS,
        event=event,
        at=now,
        event_id=f"twilio:{sid}:{state.lower()}",
        source="twilio",
        code=code if code and _CODE.fullmatch(code) else None,
        provider_id=sid,
    )
