"""Conditions: each looks at its fact as it is when a message is decided, and says what it saw."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campaign.customers.segments import Combined, Judged, explain_segments, segment_of
from campaign.definition.loading import definition_text, stored_definition
from campaign.definition.segments.conditions import Condition
from campaign.facts import Facts, Insight, ShopStatistics
from campaign.rules.question import Question
from tests.campaign.segments.making import RAW, mistakes, segmented
from tests.facts import CAMPAIGN, PLACED, customer, default_definition, facts, order

TEXT = CAMPAIGN.read_text("utf-8")
DEFINITION = default_definition()
NOW = PLACED + timedelta(days=30)
TOP = ShopStatistics(top_values={10: Decimal("400.00"), 20: Decimal("250.00")})
RICH = facts(
    orders=(
        order(1, total="100.00"),
        order(2, days=10, total="60.00", refunded=Decimal("20.00")),
        order(3, days=20, total="999.00", kept=False),
        order(4, days=-400, total="70.00", currency="EUR"),
    ),
    customer=customer(country="CA"),
    insight=Insight(
        predicted_value=Decimal("80.50"),
        categories=frozenset({"Kitchen", "Bath & Body"}),
        tags=frozenset({"Press"}),
        loyalty_tier="gold",
    ),
)
UNKNOWN = facts(orders=(), customer=customer(country=None))


def fits(when: str, known: Facts) -> bool:
    """Whether the customer is in the segment that has this condition."""
    return segment_of(segmented(when), known, NOW) == "s0"


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("orders = { at_least = 3 }", "orders = { at_least = 4 }"),
        ("orders = { at_most = 3 }", "orders = { at_most = 2 }"),
        ('orders = { at_least = 2, within = "30 days" }', 'orders = { at_least = 2, within = "29 days" }'),
        ('lifetime_value = { at_least = "140" }', 'lifetime_value = { at_least = "140.01" }'),
        ('lifetime_value = { below = "140.01" }', 'lifetime_value = { below = "140.00" }'),
        ('predicted_value = { at_least = "80.50" }', 'predicted_value = { below = "80.50" }'),
        ('average_order = { at_least = "70" }', 'average_order = { below = "70" }'),
        ('since_last_order = { at_least = "20 days" }', 'since_last_order = { below = "20 days" }'),
        ('categories = ["kitchen", "toys"]', 'categories = ["kitchen towels"]'),
        (
            'categories = { all_of = ["Kitchen", "Bath & Body"] }',
            'categories = { all_of = ["Kitchen", "Toys"] }',
        ),
        ('tags = ["press"]', 'tags = { none_of = ["press"] }'),
        ('loyalty_tier = ["Gold"]', 'loyalty_tier = ["silver"]'),
        ('country = ["US", "CA"]', 'country = ["US"]'),
        ('vertical = ["general"]', 'vertical = ["beauty"]'),
        ('orders.at_least = 3\ncountry = ["CA"]', 'orders.at_least = 3\ncountry = ["US"]'),
        ('any = [{ country = ["US"] }, { tags = ["press"] }]', 'any = [{ country = ["US"] }]'),
        ('all = [{ country = ["CA"] }, { vertical = ["general"] }]', 'all = [{ country = ["US"] }]'),
        ('not = { country = ["US"] }', 'not = { not = { country = ["US"] } }'),
    ],
)  # fmt: skip
def test_each_condition_says_yes_and_no(yes: str, no: str) -> None:
    """At its very bound, and just beyond it."""
    assert fits(yes, RICH)
    assert not fits(no, RICH)


@pytest.mark.parametrize(
    "when",
    [
        'predicted_value = { below = "1000" }',
        'average_order = { below = "1000" }',
        'since_last_order = { below = "1000 days" }',
        'lifetime_value = { top = "99%" }',
        'loyalty_tier = ["gold"]',
        'categories = ["kitchen"]',
    ],
)
def test_what_is_not_known_is_within_no_bounds(when: str) -> None:
    """A customer of whom nothing is known fits no condition about it; the opposite one holds."""
    assert not fits(when, UNKNOWN)
    assert fits(f"not = {{ {when} }}", UNKNOWN)


def test_the_country_is_the_shops_where_the_customers_is_not_known() -> None:
    """As everywhere: what holds where nothing better is known."""
    assert fits('country = ["US"]', UNKNOWN)


@pytest.mark.parametrize(("value", "share", "expected"), [("400.01", 10, True), ("400.00", 10, False)])
def test_the_top_is_above_the_measured_value(value: str, share: int, expected: bool) -> None:
    """Who has spent as much as the first one outside the share is outside as well: ties are not on top."""
    known = facts(orders=(order(1, total=value),), insight=Insight(shop=TOP))
    assert fits(f'lifetime_value = {{ top = "{share}%" }}', known) is expected


def test_the_default_segments() -> None:
    """First-time: one order; returning: two or three; VIP: four, or by value. Lost orders do not count."""
    cases: list[tuple[tuple[Any, ...], str]] = [
        ((order(1),), "first-time"),
        ((order(1), order(2)), "returning"),
        (tuple(order(n) for n in range(3)), "returning"),
        (tuple(order(n) for n in range(4)), "vip"),
        ((order(1, total="400.01"),), "vip"),
        ((order(1, total="400.00"),), "first-time"),
        ((order(1), order(2, total="900.00", kept=False)), "first-time"),
        ((order(1, total="600", currency="JPY"),), "first-time"),
    ]
    for orders, expected in cases:
        assert segment_of(DEFINITION, facts(orders=orders, insight=Insight(shop=TOP)), NOW) == expected


def test_the_best_offer_is_not_for_those_who_come_anyway() -> None:
    """A VIP gets no 20 % off, and everybody else does."""
    step = DEFINITION.step("win-back-best")
    offers = {s.name: (step.audience(s.name) or step.audiences[0]).offer for s in DEFINITION.segments}
    assert offers == {"vip": "vip", "returning": "come-back", "first-time": "come-back"}


def test_a_stored_version_of_before_means_the_same() -> None:
    """``min_orders`` and ``min_lifetime_value`` of a version that runs: either is enough."""
    kept = json.loads(definition_text(DEFINITION))
    kept["segments"] = [
        {"name": "vip", "min_orders": 6, "min_lifetime_value": "500.00"},
        {"name": "returning", "min_orders": 2, "min_lifetime_value": None},
        {"name": "first-time", "min_orders": None, "min_lifetime_value": None},
    ]
    del kept["loyalty"]
    old = stored_definition(json.dumps(kept))
    cases: list[tuple[tuple[Any, ...], str]] = [
        ((order(1, total="499.99"),), "first-time"),
        ((order(1), order(2)), "returning"),
        (tuple(order(n, total="10.00") for n in range(6)), "vip"),
        ((order(1, total="500.00"),), "vip"),
    ]
    for orders, expected in cases:
        assert segment_of(old, facts(orders=orders), NOW) == expected
    assert stored_definition(definition_text(old)) == old


def test_an_explanation_has_every_value_that_was_seen() -> None:
    """Each condition in words, with what it saw and whether it was so, also after one that had settled it."""
    both = 'all = [{ lifetime_value.top = "10%" }, { not.country = ["US"] }]'
    when = f"any = [{{ orders.at_least = 4 }}, {{ {both} }}]"
    vip, rest = explain_segments(segmented(when), replace(RICH, insight=Insight(shop=TOP)), NOW)
    country = Judged("country: US", holds=False, value="CA")
    top = Judged("lifetime value in the top 10 % (above 400.00 USD)", holds=False, value="140.00 USD")
    parts = Judged(
        "all of these",
        holds=False,
        kind=Combined.ALL,
        parts=(top, Judged("not", holds=True, kind=Combined.NOT, parts=(country,))),
    )
    orders = Judged("orders at least 4", holds=False, value="3")
    assert vip.why == Judged("any of these", holds=False, parts=(orders, parts), kind=Combined.ANY)
    assert (vip.name, vip.matched, rest.name, rest.matched, rest.why) == ("s0", False, "rest", True, None)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{}", '("vip").when: says nothing - write a condition, such as orders = { at_least = 2 }'),
        ("{ ordrs = { at_least = 2 } }", 'segments[0] ("vip").when.ordrs: unknown field'),
        ("{ orders = { at_leats = 2 } }", "orders.at_leats: unknown field - did you mean at_least?"),
        ("{ orders = {} }", 'segments[0] ("vip").when.orders: says nothing - write at_least or at_most'),
        ("{ orders = { at_least = 3, at_most = 2 } }", "within these bounds - write a larger at_most"),
        ('{ orders = { at_least = 1, within = "0 days" } }', "when.orders.within: is too small"),
        ("{ any = [] }", 'segments[0] ("vip").when.any: has too few entries - it must have 1 at least'),
        ('{ any = [{ lifetime_value = { top = "0%" } }] }', "when.any[0].lifetime_value.top: not a share of"),
        ("{ lifetime_value = { at_least = 5.0 } }", 'such as "19.90" - put it in quotes'),
        ('{ lifetime_value = { at_least = "300,00" } }', 'such as "19.90" - write a point, not a comma'),
        ('{ lifetime_value = { at_least = "300 EUR" } }', 'such as "19.90" - write it without the currency'),
        ('{ since_last_order = { below = "0 days" } }', "when.since_last_order: nothing is within"),
        ('{ tags = "press" }', 'tags: neither a list nor a table - write one such as ["press"]'),
        ("{ tags = { any = [] } }", 'segments[0] ("vip").when.tags.any: unknown field'),
        ('{ not = { country = ["USA"] } }', '("vip").when.not.country[0]: not a country of ISO 3166'),
    ],
)  # fmt: skip
def test_mistakes_name_the_field_and_what_to_write(when: str, expected: str) -> None:
    """However deep they are."""
    written = "{ any = [{ orders = { at_least = 4 } }, { lifetime_value = { top = "
    start = TEXT.index(written)
    end = TEXT.index("\n", start)
    assert any(expected in mistake for mistake in mistakes(TEXT[:start] + when + TEXT[end:]))


def test_an_unknown_tier_is_a_mistake() -> None:
    """Where the campaign lists tiers, a name that is none of them is found, however deep."""
    written = "when = { orders = { at_least = 2 } }"
    for name, expected in (("saplin", ['did you mean "sapling"?']), ("Sapling", [])):
        found = mistakes(TEXT.replace(written, f'when = {{ not = {{ loyalty_tier = ["{name}"] }} }}'))
        assert [each.split(" - ")[1] for each in found if "loyalty_tier" in each] == expected


def test_old_and_new_are_not_mixed() -> None:
    """A segment is written in one way, and the message says which."""
    mixed = TEXT.replace('name = "vip"\nwhen', 'name = "vip"\nmin_orders = 2\nwhen', 1)
    assert 'segments[0] ("vip"): has both when and min_orders' in "\n".join(mistakes(mixed))


def test_every_condition_is_tested_here_and_documented() -> None:
    """A key that is added to `Condition` without a line in the docs is found."""
    docs = (CAMPAIGN.parent.parent.parent / "docs" / "campaign.md").read_text("utf-8")
    names = [field.alias or name for name, field in Condition.model_fields.items()]
    assert [name for name in names if f"`{name}" not in docs] == []
    assert RAW["segments"]


def test_the_segment_is_that_of_the_moment_in_question() -> None:
    """Who is fresh today is lapsed when a later moment is looked at: nothing of before is kept."""
    definition = segmented('since_last_order = { below = "30 days" }')
    today = Question(definition, facts(), definition.steps[0], PLACED)
    later = today.at(PLACED + timedelta(days=30))
    assert (today.segment, later.segment, later.at(PLACED).segment) == ("s0", "rest", "s0")
