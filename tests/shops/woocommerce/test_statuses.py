"""Every status of an order does what its row says, and docs/woocommerce.md has the same rows."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shops.woocommerce.statuses import STATUSES, Meaning, Paid
from tests.facts import ROOT
from tests.shops.woocommerce.orders import an_order, read_order

PAID, COMPLETED, CHANGED = "2026-03-01T19:28:08Z", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"
PROCESSED, FULFILLED = f"727 processed {PAID}", f"727 fulfilled {COMPLETED}"
STARTS, WAITS, NEVER = "starts", "not_paid", "draft"

# What a status does to an order that has been paid: starts or why not; updates; states.
ROWS: dict[str, tuple[str, list[str], list[str]]] = {
    "pending": (STARTS, [], []),
    "processing": (STARTS, [PROCESSED], []),
    "on-hold": (STARTS, [], []),
    "completed": (STARTS, [PROCESSED], [f"727 fulfilled {CHANGED}"]),
    "cancelled": ("status", [], [f"727 cancelled {CHANGED}"]),
    "refunded": ("status", [], [f"727 refunded {CHANGED}"]),
    "failed": ("status", [], [f"727 cancelled {CHANGED}"]),
    "trash": ("status", [], [f"727 cancelled {CHANGED}"]),
    "checkout-draft": (NEVER, [], []),
    "auto-draft": (NEVER, [], []),
    "draft": (NEVER, [], []),
    "new": (NEVER, [], []),
    "shipped": (STARTS, [PROCESSED], [f"727 fulfilled {CHANGED}"]),
    "partial-shipped": (STARTS, [PROCESSED], []),
    "updated-tracking": (STARTS, [PROCESSED], [f"727 fulfilled {CHANGED}"]),
    "dispatched": (STARTS, [PROCESSED], [f"727 fulfilled {CHANGED}"]),
    "in-transit": (STARTS, [PROCESSED], [f"727 fulfilled {CHANGED}"]),
    "out-for-delivery": (STARTS, [PROCESSED], [f"727 fulfilled {CHANGED}"]),
    "delivered": (STARTS, [PROCESSED], [f"727 delivered {CHANGED}"]),
    "ready-pickup": (STARTS, [PROCESSED], []),
    "ready-for-pickup": (STARTS, [PROCESSED], []),
    "pickup": (STARTS, [PROCESSED], [f"727 delivered {CHANGED}"]),
    "picked-up": (STARTS, [PROCESSED], [f"727 delivered {CHANGED}"]),
    "awaiting-shipment": (STARTS, [PROCESSED], []),
    "ready-to-ship": (STARTS, [PROCESSED], []),
    "packing": (STARTS, [PROCESSED], []),
    "backordered": (STARTS, [PROCESSED], []),
    "partially-refunded": (STARTS, [], []),
    "partial-refunded": (STARTS, [], []),
    "partial-payment": (WAITS, [], []),
    "partially-paid": (WAITS, [], []),
    "pre-ordered": (STARTS, [], []),
    "quote": (WAITS, [], []),
    "a-status-of-some-plugin": (STARTS, [], []),
}


def said(order: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    """What an order's news is: whether it starts, and what became of it."""
    news = read_order(order)
    starts = [order["starts"] for order in news.get("orders", [])]
    assert starts in ([], ["ignored" not in news])
    return news.get("ignored", STARTS), news.get("updates", []), news.get("states", [])


@pytest.mark.parametrize("status", ROWS)
def test_a_paid_order(status: str) -> None:
    """Each status in turn, with the prefix that WooCommerce keeps it under and without."""
    order = an_order(status=status, date_modified_gmt=CHANGED)
    assert said(order) == ROWS[status]
    assert said({**order, "status": f"wc-{status}"}) == ROWS[status]


@pytest.mark.parametrize("status", ROWS)
def test_an_order_that_was_never_paid(status: str) -> None:
    """It starts nothing, and nothing becomes of it; one that is completed counts as paid."""
    order = an_order(status=status, date_paid=None, date_paid_gmt=None)
    starts, updates, states = said(order)
    if status == "completed":
        assert (starts, updates[0]) == (STARTS, "727 processed 2026-03-01T19:28:02Z")
    else:
        assert (starts, updates, states) == (NEVER if ROWS[status][0] == NEVER else WAITS, [], [])


@pytest.mark.parametrize("status", ["completed", "shipped", "delivered"])
def test_when_it_was_fulfilled_is_the_shops_own_time(status: str) -> None:
    """Where WooCommerce says when an order was completed, that is it, however often it changes after."""
    order = an_order(status=status, date_completed_gmt=COMPLETED, date_modified_gmt=CHANGED)
    _, updates, states = said(order)
    assert updates == [PROCESSED, FULFILLED]
    assert states == ([f"727 delivered {CHANGED}"] if status == "delivered" else [])


def test_every_status_has_a_row() -> None:
    """The table of this test is that of the code."""
    assert set(ROWS) - {"a-status-of-some-plugin"} == set(STATUSES)


def test_the_documentation_has_the_same_table() -> None:
    """One row a status: whether it is paid, and what it says."""
    text = (ROOT / "docs" / "woocommerce.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    assert {name: (paid.strip(), news.strip()) for name, paid, news in rows} == {
        name: (_paid(meaning), meaning.news.value if meaning.news else "nothing")
        for name, meaning in STATUSES.items()
    }
    assert len(rows) == len(STATUSES)


def _paid(meaning: Meaning) -> str:
    return "no: a draft" if meaning.ignored.value == NEVER else Paid(meaning.paid).value
