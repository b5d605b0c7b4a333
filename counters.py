"""Counters of our own for Prometheus. Labels are codes of closed sets: no id, no address, no text.

Each process counts what it has done since it started; `/metrics` of web and worker serve them.
"""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest

CAMPAIGNS_STARTED = Counter("afterglow_campaigns_started", "Campaigns enrolled by this worker")
CAMPAIGNS_ENDED = Counter("afterglow_campaigns_ended", "Campaigns closed by this worker", ["reason"])
MESSAGES = Counter("afterglow_messages", "Messages settled by this worker", ["channel", "state"])
ORDER_EVENTS = Counter("afterglow_order_events", "News of orders received over HTTP", ["status"])
INBOX_WAITING = Gauge("afterglow_inbox_waiting", "Rows of the inbox that are due, when this was last read")
INBOX_OLDEST = Gauge("afterglow_inbox_oldest_seconds", "For how long the oldest of them has been due")
FORWARDED = Counter(
    "afterglow_inbox_forwarded", "Rows of the inbox settled by this process", ["kind", "state"]
)
PROVIDER_EVENTS = Counter(
    "afterglow_provider_events", "Provider events received, also ones that were here before", ["kind"]
)
EVENT_FIELDS_NOT_UNDERSTOOD = Counter(
    "afterglow_event_fields_not_understood",
    "Fields of provider events that could not be read",
    ["provider", "field"],
)
SHOP_EVENTS = Counter(
    "afterglow_shop_events", "Signed requests of shops, by what became of them", ["shop", "outcome"]
)
COUPONS_ISSUED = Counter("afterglow_coupons_issued", "Coupons that went out with a message", ["offer"])
COUPONS_USED = Counter("afterglow_coupons_used", "Coupons that were used, by what came of it", ["outcome"])
COUPONS_LEFT = Gauge("afterglow_coupons_left", "Codes that an offer has left, when last read", ["offer"])
COUPONS_REFUSED = Gauge("afterglow_coupons_refused", "Codes that the shop refuses, when last read", ["offer"])
ERASED_BY_AGE = Counter("afterglow_erased_by_age", "Rows that retention has erased, by this worker", ["what"])
REFUSED = Counter("afterglow_requests_refused", "HTTP requests answered with an error", ["status", "error"])


def exposition() -> tuple[bytes, str]:
    """Return all counters in Prometheus's text form, and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
