"""What each status of a Shopify order does: a row a test, and the docs have the same rows."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import Any

import pytest

from campaign.wire import OrderStatus
from shops.news import Ignored
from shops.shopify import TOPICS
from shops.shopify.people import CONSENTS
from shops.shopify.statuses import FINANCIAL, FULFILLMENT, PARCEL, Meaning, meaning_of
from tests.facts import ROOT
from tests.shops.shopify.news import read
from tests.shops.shopify.test_payloads import FOLDER, kept

PAGE = ROOT / "docs" / "shopify.md"
CANCELLED_AT = "2026-03-01T12:00:00-05:00"


def rows(heading: str) -> list[list[str]]:
    """The rows of the table below a heading of the docs, without code marks."""
    section = PAGE.read_text("utf-8").partition(f"\n{heading}\n")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [
        [cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]
    ]


def news_of(financial: str | None, fulfillment: str | None, *, cancelled: bool) -> dict[str, Any]:
    """What an order of these statuses says."""
    body = kept(FOLDER / "order-paid.json")["body"]
    at = CANCELLED_AT if cancelled else None
    changed = {"financial_status": financial, "fulfillment_status": fulfillment, "cancelled_at": at}
    return read("orders/updated", json.dumps({**body, **changed}).encode())


def became(news: dict[str, Any]) -> list[str]:
    """What became of an order, in the order of the news."""
    return [text.split()[1] for text in (*news.get("updates", ()), *news.get("states", ()))]


def words(meaning: Meaning) -> list[str]:
    """A meaning as the docs' table has it."""
    return ["starts" if meaning.ignored is None else meaning.ignored.value, meaning.news or "-"]


@pytest.mark.parametrize(("financial", "cancelled"), FINANCIAL, ids=str)
def test_each_row_of_the_payment_table(financial: str | None, *, cancelled: bool) -> None:
    """Whether an order starts a campaign, and what it is for one that is known, is what its row says."""
    meaning, news = FINANCIAL[financial, cancelled], news_of(financial, None, cancelled=cancelled)
    assert news["orders"][0]["starts"] == (meaning.ignored is None)
    assert news.get("ignored") == meaning.ignored
    assert became(news) == (
        ["processed"] if meaning.ignored is None else [meaning.news] if meaning.news else []
    )


@pytest.mark.parametrize("fulfillment", FULFILLMENT, ids=str)
def test_each_row_of_the_fulfillment_table(fulfillment: str | None) -> None:
    """An order that is bought is also what its fulfillment says."""
    status = FULFILLMENT[fulfillment]
    assert became(news_of("paid", fulfillment, cancelled=False)) == [
        "processed",
        *([status] if status else []),
    ]


@pytest.mark.parametrize(
    ("financial", "cancelled", "fulfillment"),
    [(*key, status) for key, status in product(FINANCIAL, FULFILLMENT)],
    ids=str,
)
def test_fulfillment_counts_for_bought_orders_alone(
    financial: str | None, fulfillment: str | None, *, cancelled: bool
) -> None:
    """Every combination of the three: one that is over or unpaid is never news of a parcel."""
    found = became(news_of(financial, fulfillment, cancelled=cancelled))
    starts = FINANCIAL[financial, cancelled].ignored is None
    assert (OrderStatus.FULFILLED in found) == (starts and fulfillment == "fulfilled")


def test_an_unknown_status_is_not_paid() -> None:
    """A status of a later version of Shopify starts nothing."""
    assert meaning_of("on_the_moon", cancelled=False) == Meaning(Ignored.NOT_PAID)


def test_the_docs_have_the_same_tables() -> None:
    """docs/shopify.md shows every status, consent state and topic, with what the code does."""
    payment = [[name or "null", "yes" if cancelled else "no"] for name, cancelled in FINANCIAL]
    expected = [[*key, *words(meaning)] for key, meaning in zip(payment, FINANCIAL.values(), strict=True)]
    assert rows("### Payment") == expected
    assert rows("### Fulfillment") == [[name or "null", news or "-"] for name, news in FULFILLMENT.items()]
    assert rows("### Parcels") == [[name, news or "-"] for name, news in PARCEL.items()]
    assert [row[:2] for row in rows("## Consent")] == [
        [name, state or "-"] for name, state in CONSENTS.items()
    ]
    assert [row[0] for row in rows("## Topics")] == list(TOPICS)
