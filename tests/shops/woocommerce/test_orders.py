"""Orders: which of them start a campaign by the shop's settings, and what their lines cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.wire import MAX_LINES
from shops.news import Policy
from shops.woocommerce.lines import lines_of
from tests.shops.woocommerce.orders import an_order, read_order

TEST_MODE = {"meta_data": [{"key": "_wcpay_mode", "value": "test"}]}
WHOLESALE = {"meta_data": [{"key": "_wwpp_wholesale_order_type", "value": "Mayor"}]}
FREE = {"total": "0.00"}
BY_HAND = {"created_via": "admin"}
DRAFT = {"status": "checkout-draft"}


@pytest.mark.parametrize(
    ("change", "policy", "ignored"),
    [
        (TEST_MODE, Policy(), "test"),
        (TEST_MODE, Policy(test_orders=True), None),
        (FREE, Policy(), "zero_value"),
        (FREE, Policy(zero_value_orders=True), None),
        (WHOLESALE, Policy(), None),
        (WHOLESALE, Policy(wholesale_tags=frozenset({"mayor"})), "wholesale"),
        (DRAFT, Policy(), "draft"),
        (DRAFT, Policy(draft_orders=True), "draft"),  # a check-out that is not finished, never an order
        (BY_HAND, Policy(), "draft"),
        (BY_HAND, Policy(draft_orders=True), None),
        ({**TEST_MODE, **FREE}, Policy(), "test"),
    ],
)
def test_which_orders_start_by_setting(change: dict[str, Any], policy: Policy, ignored: str | None) -> None:
    """Each setting lets its own kind of order through, and no other."""
    assert read_order(an_order(**change), policy=policy).get("ignored") == ignored


def test_who_has_not_bought_is_not_saved() -> None:
    """A check-out that is given up, or a test, leaves no contact data."""
    assert "customers" not in read_order(an_order(status="pending", date_paid=None, date_paid_gmt=None))
    assert "customers" not in read_order(an_order(**TEST_MODE))


def test_an_order_later_says_the_same_and_more() -> None:
    """What was said before is in every later body, with the same times: applying it again changes nothing."""
    paid = read_order(an_order())
    changes = {"date_completed_gmt": "2026-03-02T08:00:00", "date_modified_gmt": "2026-03-02T09:00:00"}
    refunds = [{"id": 726, "reason": "", "total": "-1.00"}]
    later = read_order(an_order(status="completed", refunds=refunds, **changes))
    assert set(paid["updates"]) < set(later["updates"])
    assert later["refunds"] == ["727 726 1.00 2026-03-02T09:00:00Z"]


def test_times_before_the_order_are_the_orders_own() -> None:
    """A server whose clock was set back does not make news of before its order, which would be refused."""
    news = read_order(an_order(date_paid_gmt="2026-02-01T00:00:00", date_modified_gmt="2026-02-01T00:00:00"))
    assert news["updates"] == ["727 processed 2026-03-01T19:28:02Z"]
    assert news["orders"][0]["changed_at"] == "2026-03-01T19:28:02Z"


def test_an_order_of_hundreds_of_lines() -> None:
    """All of them; of more than an order may have here, those that cost most, in their order."""
    few = [{"sku": f"s-{n}", "quantity": 1, "total": "1.00"} for n in range(MAX_LINES)]
    assert len(read_order(an_order(line_items=few))["orders"][0]["lines"]) == MAX_LINES
    many = [{"sku": f"s-{n}", "quantity": 1, "total": str(n % 3)} for n in range(3 * MAX_LINES)]
    kept = [line.sku for line in lines_of({"line_items": many})]
    assert kept == [f"s-{n}" for n in range(2, 3 * MAX_LINES, 3)]


@pytest.mark.parametrize("quantity", [0, -1, "x", None, True, 10**9])
def test_a_line_of_nothing_is_none(quantity: object) -> None:
    """Lines that were emptied by hand stay in an order; they are no purchase."""
    assert lines_of({"line_items": [{"sku": "mug", "quantity": quantity, "total": "5.00"}]}) == []


@given(
    quantity=st.decimals("0.01", 500, places=2),
    total=st.decimals(0, 100_000, places=2),
    tax=st.decimals(0, 100, places=2),
    taxed=st.booleans(),
)
def test_the_prices_add_up(quantity: Decimal, total: Decimal, tax: Decimal, taxed: bool) -> None:
    """However a quantity is rounded, what was paid for the line stays right to the fourth decimal of each."""
    item = {"sku": "mug", "quantity": str(quantity), "total": str(total), "total_tax": str(tax)}
    (line,) = lines_of({"prices_include_tax": taxed, "line_items": [item]})
    paid = total + (tax if taxed else 0)
    assert quantity <= line.quantity < quantity + 1
    assert abs(line.unit_price * line.quantity - paid) <= line.quantity * Decimal("0.00005")
