"""An example of every answer that is no error, by operation and status; errors have theirs in `web.openapi`.

A test holds each against its schema, and finds an answer that has none.
"""

from __future__ import annotations

from typing import Any

_CAMPAIGN = {
    "order_id": "1001",
    "workflow_id": "post-purchase/1001",
    "url": "http://localhost:8233/namespaces/default/workflows/post-purchase%2F1001",
}
_REPORT: dict[str, Any] = {
    "order_id": "1001",
    "customer_id": "c-1",
    "segment": "first-time",
    "exit_reason": None,
    "total": "39.80",
    "refunded": "0.00",
    "currency": "USD",
    "stop_reason": None,
    "opened_at": "2026-03-02T15:00:01Z",
    "closed_at": None,
    "definition": "5d1f0c9a7b3e4862",
    "step": "loyalty",
    "waiting": "not_due",
    "why": "not due yet",
    "next_at": "2026-03-16T15:00:00Z",
    "refused_signals": 0,
    "retrying": [],
    "skipped": [],
    "order_updates": {"processed": "2026-03-02T15:20:00Z"},
    "steps": [
        {
            "step": "thank-you",
            "decision": "send",
            "reason": "due",
            "why": "due now",
            "decided_at": "2026-03-02T15:20:01Z",
            "next_at": None,
        }
    ],
    "messages": [
        {
            "id": "0b6f3c1e9d2a4f58",
            "step": "thank-you",
            "channel": "email",
            "purpose": "transactional",
            "state": "sent",
            "reason": None,
            "reported": ["delivered"],
            "due_at": "2026-03-02T15:20:00Z",
            "latest_at": "2026-03-04T15:20:00Z",
            "sent_at": "2026-03-02T15:20:03Z",
        }
    ],
    "suppressed": [],
}
_CONSENT = {
    "id": 1,
    "channel": "sms",
    "state": "granted",
    "source": "checkout",
    "at": "2026-03-02T15:00:00Z",
    "wording": "Text me offers.",
    "address": "+12025550123",
    "confirmed": True,
}
_CONFLICT = {
    "type": "about:blank",
    "title": "Conflict",
    "status": 409,
    "detail": "total: differs from the order that has this order_id - use a new order_id",
    "error": "order_conflict",
    "problems": [
        {
            "where": "total",
            "what": "differs from the order that has this order_id",
            "fix": "use a new order_id",
        }
    ],
    "known": {"total": "39.80"},
    "sent": {"total": "41.00"},
}
_REFUSED = {"status": 409, "order_id": "1002", "workflow_id": None, "url": None, "problem": _CONFLICT}
_REVIEW = {
    "id": 7,
    "sku": "mug",
    "rating": 2,
    "text": "Smaller than I thought.",
    "author": "Ada L.",
    "verified": True,
    "language": "en",
    "state": "pending",
    "reason": None,
    "why": None,
    "order_id": "1001",
    "customer_id": "c-1",
    "origin": "page",
    "origin_id": None,
    "written_at": "2026-03-24T18:02:11Z",
    "settled_at": None,
}
_DECIDED = {"settled_at": "2026-03-25T09:00:00Z"}
_PAGE = "<!doctype html><html lang=en><title>Your messages</title><main><h1>Your messages</h1></main></html>"
_SHOP = {"200": {"outcome": "applied", "duplicate": False, "problems": []}}
_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response><Message>Shop: unsubscribed.</Message></Response>'

EXAMPLES: dict[str, dict[str, Any]] = {
    "PUT /customers/{customer_id}": {"200": {"customer_id": "c-1"}},
    "PUT /customers/{customer_id}/loyalty": {"200": {"customer_id": "c-1"}},
    "GET /customers/{customer_id}/consents": {"200": {"customer_id": "c-1", "consents": [_CONSENT]}},
    "POST /orders": {
        "200": {"orders": [{"status": 202, **_CAMPAIGN, "problem": None}, _REFUSED]},
        "202": _CAMPAIGN,
    },
    "POST /orders/{order_id}/events": {"202": {**_CAMPAIGN, "status": "processed"}},
    "GET /orders/{order_id}": {"200": _REPORT},
    "POST /coupons/{code}/redeem": {
        "200": {
            "offer": "come-back",
            "order_id": "1042",
            "redeemed_at": "2026-06-02T18:00:00Z",
            "amount": "7.96",
            "repeated": False,
        }
    },
    "GET /reviews": {"200": {"reviews": [_REVIEW], "next": 7}},
    "GET /reviews/{review_id}": {"200": _REVIEW},
    "POST /reviews/{review_id}/publish": {"200": _REVIEW | _DECIDED | {"state": "published"}},
    "POST /reviews/{review_id}/hide": {"200": _REVIEW},
    "POST /reviews/{review_id}/reject": {
        "200": _REVIEW
        | _DECIDED
        | {"state": "rejected", "reason": "personal_data", "why": "it has personal data in it"}
    },
    "POST /webhooks/sendgrid": {"200": {"events": 3, "new": 2, "ignored": 1, "not_understood": 0}},
    "POST /webhooks/twilio/inbound": {"200": _TWIML},
    "POST /webhooks/shopify": _SHOP,
    "POST /webhooks/woocommerce": _SHOP,
    "GET /healthz": {"200": {"status": "ok"}},
    "GET /readyz": {
        "200": {"database": True, "temporal": True},
        "503": {"database": False, "temporal": True},
    },
    "GET /metrics": {"200": 'afterglow_order_events_total{status="delivered"} 12.0\n'},
}
"""By "METHOD /path" and status."""
BY_MEDIA_TYPE = {
    "text/html": _PAGE,
    "text/plain": "You are unsubscribed.\n",
}
"""For the customers' pages, which are all alike here."""
