"""What SendGrid's events mean, and how a batch of them is read.

Source: www.twilio.com/docs/sendgrid/for-developers/tracking-events/event.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from campaign.delivery import ProviderEvent, Report
from campaign.reasons import Channel

MESSAGE_ARG = "afterglow_message"
"""The argument by which an event names its message."""

EVENTS: dict[str, ProviderEvent] = {
    "processed": ProviderEvent.ACCEPTED,
    "deferred": ProviderEvent.DEFERRED,
    "delivered": ProviderEvent.DELIVERED,
    "open": ProviderEvent.OPENED,
    "click": ProviderEvent.CLICKED,
    "unsubscribe": ProviderEvent.UNSUBSCRIBED,
    "group_unsubscribe": ProviderEvent.UNSUBSCRIBED,
    "spamreport": ProviderEvent.SPAM,
    "bounce": ProviderEvent.BOUNCED,
    "dropped": ProviderEvent.DROPPED,
}

NOT_APPLIED: dict[str, str] = {
    "group_resubscribe": "we use no groups of SendGrid's; a consent is granted at the shop only",
    "account_status_change": "about the account: its answers say so too, and stop the channel",
}
"""Events that are known and change nothing here, with the reason."""

# A drop is about something that happened before: its reason says what.
DROPS: dict[str, ProviderEvent] = {
    "bounced address": ProviderEvent.BOUNCED,
    "invalid": ProviderEvent.INVALID,
    "unsubscribed address": ProviderEvent.OPTED_OUT,
    "spam reporting address": ProviderEvent.COMPLAINED,
    "recipient list over package quota": ProviderEvent.MISCONFIGURED,
}
OVER_QUOTA = "over_quota"
"""Our code for a drop because the account's credits are used up: SendGrid gives it none."""
_INVALID = "invalid address"
_BLOCKED = "blocked"
_ID = re.compile(r"[A-Za-z0-9]{1,40}")
_STATUS = re.compile(r"[0-9.]{1,20}")
_LONGEST_ID = 200


def event_of(
    event: str, kind: str | None = None, reason: str | None = None, classification: str | None = None
) -> ProviderEvent | None:
    """Return what an event means; None for one that says nothing about a message.

    ``kind`` is its ``type``: a ``bounce`` of type ``blocked`` was refused this time only.
    ``classification`` is its ``bounce_classification``.
    """
    found = EVENTS.get(event)
    if found is ProviderEvent.DROPPED:
        return DROPS.get((reason or "").strip().lower(), found)
    if found is ProviderEvent.BOUNCED and kind == _BLOCKED:
        return ProviderEvent.BLOCKED
    if found is ProviderEvent.BOUNCED and (classification or "").lower() == _INVALID:
        return ProviderEvent.INVALID
    return found


@dataclass(frozen=True)
class Batch:
    """What a batch says. ``reports``: on messages of ours; ``odd``: fields that were not read, counted."""

    events: int
    reports: tuple[Report, ...]
    odd: Mapping[str, int] = field(default_factory=dict)


def read_batch(body: str, now: datetime) -> Batch:
    """Read a batch, received ``now``. An odd event loses no other, an odd field no event that can be used."""
    items = _items(body)
    odd: Counter[str] = Counter()
    reports = [report for item in items if (report := _report(item, now, odd))]
    return Batch(len(items), tuple(reports), +odd)


def _items(body: str) -> list[Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return data if isinstance(data, list) else [data]


def _report(item: Any, now: datetime, odd: Counter[str]) -> Report | None:
    """Return what one event reports; None where it is nothing about a message of ours."""
    if not isinstance(item, dict) or MESSAGE_ARG not in item:
        return None
    message_id = item[MESSAGE_ARG]
    if not isinstance(message_id, str) or not _ID.fullmatch(message_id):
        odd[MESSAGE_ARG] += 1
        return None
    texts = {
        name: _text(item, name, odd)
        for name in ("event", "type", "reason", "bounce_classification", "sg_event_id", "sg_message_id")
    }
    event = event_of(texts["event"] or "", texts["type"], texts["reason"], texts["bounce_classification"])
    if event is None:
        odd["event"] += texts["event"] is not None and texts["event"] not in NOT_APPLIED
        return None
    return Report(
        message_id=message_id,
        channel=Channel.EMAIL,
        event=event,
        at=_time(item, now, odd),
        event_id=f"sendgrid:{_event_id(item, texts)}",
        source="sendgrid",
        code=OVER_QUOTA if event is ProviderEvent.MISCONFIGURED else _status(item, odd),
        machine=_machine(item, odd),
        provider_id=_provider_id(texts["sg_message_id"], odd),
    )


def _text(item: Mapping[str, Any], name: str, odd: Counter[str]) -> str | None:
    value = item.get(name)
    if value is None or isinstance(value, str):
        return value
    odd[name] += 1
    return None


def _time(item: Mapping[str, Any], now: datetime, odd: Counter[str]) -> datetime:
    """Return when it happened: Unix seconds, also as a fraction or text. Not in the future; else, now."""
    try:
        return min(datetime.fromtimestamp(float(item["timestamp"]), UTC), now)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        odd["timestamp"] += 1
        return now


def _status(item: Mapping[str, Any], odd: Counter[str]) -> str | None:
    """Return the SMTP status (5.1.1), the only thing of an error that is kept."""
    status = _text(item, "status", odd)
    if not status:
        return None
    if _STATUS.fullmatch(status):
        return status
    odd["status"] += 1
    return None


def _machine(item: Mapping[str, Any], odd: Counter[str]) -> bool:
    value = item.get("sg_machine_open")
    if value is not None and not isinstance(value, bool):
        odd["sg_machine_open"] += 1
    return value is True


def _provider_id(value: str | None, odd: Counter[str]) -> str | None:
    if not value:
        return None
    if len(value) <= _LONGEST_ID and value.isprintable():
        return value
    odd["sg_message_id"] += 1
    return None


def _event_id(item: Mapping[str, Any], texts: Mapping[str, str | None]) -> str:
    """Return the event's own id, or one made of what it says; always short enough to be kept."""
    said = (item[MESSAGE_ARG], texts["event"], item.get("timestamp"), texts["type"])
    made = texts["sg_event_id"] or "\n".join(map(str, said))
    return hashlib.sha256(made.encode(errors="replace")).hexdigest()
