"""Loyalty: where a customer stands, and what the next tier takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from campaign.customers.loyalty import Standing, loyalty_standing
from campaign.definition.model import Definition
from campaign.facts import Insight
from tests.campaign.segments.making import RAW, mistakes
from tests.facts import CAMPAIGN, default_definition, facts, order

DEFINITION = default_definition()
TITLE = 'title = { en = "Sapling", de = "Jungbaum", es = "Arbolito", fr = "Arbuste" }\n'
SEEDLING, SAPLING, EVERGREEN = DEFINITION.loyalty.tiers


def standing(*orders: Any, definition: Definition = DEFINITION, **insight: Any) -> Standing:
    """The standing of a customer with these orders."""
    return loyalty_standing(definition, facts(orders=orders, insight=Insight(**insight)))


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ([], Standing(None, SEEDLING, orders_missing=1)),
        (["20.00"], Standing(SEEDLING, SAPLING, orders_missing=1, value_missing=Decimal("130.00"))),
        (["150.00"], Standing(SAPLING, EVERGREEN, orders_missing=3, value_missing=Decimal("250.00"))),
        (["20.00"] * 3, Standing(SAPLING, EVERGREEN, orders_missing=1, value_missing=Decimal("340.00"))),
        (["400.00"], Standing(EVERGREEN)),
        (["1.00"] * 9, Standing(EVERGREEN)),
    ],
)
def test_the_standing_by_orders_or_value(totals: list[str], expected: Standing) -> None:
    """At each threshold exactly, with what either way to the next tier takes yet."""
    assert standing(*(order(n, total=total) for n, total in enumerate(totals))) == expected


def test_what_was_given_back_counts_for_nothing() -> None:
    """Lost orders, refunds, and orders in another currency."""
    orders = (
        order(1, total="200.00", refunded=Decimal("190.00")),
        order(2, total="900.00", kept=False),
    )
    assert standing(*orders) == Standing(SEEDLING, SAPLING, orders_missing=1, value_missing=Decimal("140.00"))


def test_the_programmes_own_word_counts_where_there_is_one() -> None:
    """It may give a tier that orders would not, and what the next one takes is the programme's to know."""
    assert standing(order(), loyalty_tier="Sapling", loyalty_points=120) == Standing(SAPLING, EVERGREEN, 120)
    assert standing(*(order(n) for n in range(9)), loyalty_points=5) == Standing(points=5)


def test_a_tier_that_the_campaign_does_not_list_is_kept_as_it_was_reported() -> None:
    """Its name is shown and can be a segment's condition."""
    platinum = standing(order(), loyalty_tier="platinum")
    assert (platinum.tier, platinum.tier_name) == (None, "platinum")


def test_a_tier_without_thresholds_is_the_programmes_alone() -> None:
    """Nobody reaches it by buying, and it is nobody's next one but after a reported tier."""
    tiers = [*RAW["loyalty"]["tiers"], {"name": "staff", "title": "Staff"}]
    definition = Definition.model_validate({**RAW, "loyalty": {"tiers": tiers}})
    assert standing(*(order(n) for n in range(9)), definition=definition) == Standing(EVERGREEN)
    assert standing(order(), definition=definition, loyalty_tier="staff").tier_name == "staff"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("orders = 4\n", "orders = 2\n", '"evergreen" takes no more than "sapling"'),
        ('value = "400.00"', 'value = "100.00"', '"evergreen" takes no more than "sapling"'),
        ('value = "400.00"', "value = 400.0", "loyalty.tiers[2].value: write the amount as a decimal string"),
        ('name = "sapling"', 'name = "seedling"', 'loyalty.tiers[0].name: "seedling" is used 2 times'),
        (TITLE, "", "loyalty.tiers[1].title: is missing"),
    ],
)
def test_mistakes_in_tiers_are_named(old: str, new: str, expected: str) -> None:
    """With their place and what to write."""
    text = CAMPAIGN.read_text("utf-8")
    assert old in text
    assert expected in "\n".join(mistakes(text.replace(old, new, 1)))
