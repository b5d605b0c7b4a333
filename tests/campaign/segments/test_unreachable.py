"""Segments that nobody can be in are found, and nothing else is called so; audiences that come too late."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.customers.segments import explain_segments, segment_of
from campaign.definition.model import Definition
from campaign.definition.segments.conditions import Condition, Segment
from campaign.definition.segments.logic import Possible, domain, formula, negated, possible
from campaign.definition.segments.unreachable import (
    overlapping_segments,
    skipped_steps,
    unreachable_segments,
    unused_segments,
)
from campaign.definition.segments.value_sets import INFINITE, NameSet, Spans
from campaign.definition.steps import Step
from campaign.facts import Facts, Insight, PastOrder, ShopStatistics
from tests.campaign.segments.conditions import INDEPENDENT, LINKED, NAMES, NOW, conditions, customers
from tests.campaign.segments.making import RAW, STEP, condition, mistakes, segmented
from tests.facts import CAMPAIGN, customer, default_definition, facts

TEXT = CAMPAIGN.read_text("utf-8")
BASE = Definition.model_validate({**RAW, "steps": [STEP], "loyalty": {}})
CONTRADICT = "its conditions contradict each other"
COVERED, COVERED_BY_ALL = 'who fits it fits "s0" before it', "who fits it fits one of those before it"
ANY = conditions(INDEPENDENT) | conditions(LINKED) | conditions({**INDEPENDENT, **LINKED})
OFTEN = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def defined(whens: list[dict[str, Any]], **changes: Any) -> Definition:
    """A campaign with these segments and a last one for everyone; without tiers by orders."""
    segments = [*({"name": f"s{n}", "when": when} for n, when in enumerate(whens)), {"name": "rest"}]
    return BASE.model_copy(
        update={"segments": [Segment.model_validate(each) for each in segments], **changes}
    )


def unreachable(*whens: str) -> dict[str, str]:
    """What is reported of segments, by name."""
    found = unreachable_segments(segmented(*whens).segments)
    return {problem.what.split('"')[1]: problem.what.split(": ", 1)[1] for problem in found}


@OFTEN
@given(st.lists(ANY, min_size=1, max_size=4), customers(), st.data())
def test_every_customer_is_in_exactly_one_segment_and_audience(
    whens: list[dict[str, Any]], known: Facts, data: st.DataObject
) -> None:
    """One segment is the first that fits, and a step says one thing to it, or nothing."""
    definition = defined(whens)
    judged = explain_segments(definition, known, NOW)
    first = [
        one.name for n, one in enumerate(judged) if one.matched and not any(j.matched for j in judged[:n])
    ]
    assert first == [segment_of(definition, known, NOW)]
    groups = data.draw(st.lists(st.sampled_from([*(s.name for s in definition.segments), "*"]), min_size=1))
    rows = [{"segments": [name], "email": f"t{n}"} for n, name in enumerate(groups)]
    step = Step.model_validate({**STEP, "audiences": rows})
    taken = [a for a in step.audiences if first[0] in a.segments or "*" in a.segments]
    assert step.audience(first[0]) == (taken[0] if taken else None)


@OFTEN
@given(st.lists(ANY, min_size=1, max_size=4), st.lists(customers(), min_size=1, max_size=5))
def test_nobody_is_ever_in_a_segment_that_is_reported(
    whens: list[dict[str, Any]], known: list[Facts]
) -> None:
    """Whatever the conditions are, and whoever the customer is."""
    definition = defined(whens)
    reported = {problem.what.split('"')[1] for problem in unreachable_segments(definition.segments)}
    assert not reported & {segment_of(definition, one, NOW) for one in known}


@OFTEN
@given(st.lists(conditions(INDEPENDENT), min_size=1, max_size=4))
def test_somebody_is_in_every_segment_that_is_not_reported(whens: list[dict[str, Any]]) -> None:
    """Where facts do not depend on each other nothing is missed: a customer is made from the answer."""
    definition = defined(whens)
    reported = {problem.what.split('"')[1] for problem in unreachable_segments(definition.segments)}
    before: list[Any] = []
    for segment in definition.segments:
        mine = formula(segment.rule)
        box = possible([mine, *map(negated, before)])
        before.append(mine)
        assert (box is None) == (segment.name in reported)
        if box is not None:
            assert segment_of(definition, made_from(box), NOW) == segment.name


@OFTEN
@given(ANY, customers())
def test_a_condition_and_its_opposite_leave_nothing(when: dict[str, Any], known: Facts) -> None:
    """A customer fits one of the two, and the logic knows that nobody fits both."""
    what = formula(Condition.model_validate(when))
    assert possible([what, negated(what)]) is None
    names = {segment_of(defined([one]), known, NOW) for one in (when, {"not": when})}
    assert names == {"s0", "rest"}


def made_from(box: Possible) -> Facts:
    """A customer with values that are left possible; a fact that is free takes any."""

    def span_of(name: str, which: object = None) -> Spans:
        found = box.get((name, which), domain((name, which)))
        assert isinstance(found, Spans)
        return found

    def name_of(key: str) -> str | None:
        found = box.get((key, None), domain((key, None)))
        assert isinstance(found, NameSet)
        return None if found.others else min(found.names).upper()

    orders, value = int(span_of("orders").low), Decimal(span_of("lifetime_value").low)
    orders = max(orders, 1 if value else 0)
    share, predicted = int(span_of("share").low), span_of("predicted_value")
    top = {n: value - 1 if n >= share else value for n in range(1, 100)}
    totals = [value, *[Decimal(0)] * (orders - 1)][:orders]
    kept = [PastOrder(f"o-{n}", NOW, total, "USD") for n, total in enumerate(totals)]
    where = box.get(("country", None), NameSet(others=True))
    assert isinstance(where, NameSet)
    has = {key: frozenset(n for n in NAMES if span_of(key, n).low == 1) for key in ("categories", "tags")}
    insight = Insight(
        predicted_value=None if predicted.unknown else Decimal(max(predicted.low, Decimal(-1))),
        loyalty_tier=name_of("loyalty_tier"),
        shop=ShopStatistics(top_values=top),
        categories=has["categories"],
        tags=has["tags"],
    )
    country = "FR" if where.others else min(where.names).upper()
    return facts(orders=tuple(kept), customer=customer(country=country), insight=insight)


@pytest.mark.parametrize(
    ("whens", "expected"),
    [
        (["orders.at_least = 2", "orders.at_least = 3"], {"s1": COVERED}),
        (["orders.at_least = 3", "orders.at_least = 2"], {}),
        (["all = [{ orders.at_least = 2 }, { orders.at_most = 1 }]"], {"s0": CONTRADICT}),
        (['lifetime_value.top = "20%"', 'lifetime_value.top = "10%"'], {"s1": COVERED}),
        (['lifetime_value.top = "10%"', 'lifetime_value.at_least = "900"'], {}),
        (['orders = { at_least = 1, within = "30 days" }', 'since_last_order.below = "9 days"'],
         {"s1": COVERED}),
        (["orders.at_least = 2", 'orders = { at_least = 2, within = "30 days" }'],
         {"s1": COVERED}),
        (['orders = { at_least = 2, within = "30 days" }', "orders.at_least = 2"], {}),
        (['tags = ["press"]', 'tags = { all_of = ["Press", "vip"] }'], {"s1": COVERED}),
        (['country = ["US"]', 'not = { country = ["US"] }'], {"rest": COVERED_BY_ALL}),
        (['predicted_value.below = "10"', 'predicted_value.at_least = "10"'], {}),
        (['lifetime_value.at_least = "1"', "not.orders.at_most = 0"], {}),
        (["orders.at_least = 1", 'lifetime_value.at_least = "1"'], {"s1": COVERED}),
        (['vertical = ["beauty"]', 'vertical = ["home"]'], {}),
        (['orders = { at_least = 1, within = "30 days" }\nsince_last_order.at_least = "30 days"'], {}),
        (['orders = { at_least = 1, within = "29 days" }\nsince_last_order.at_least = "30 days"'],
         {"s0": CONTRADICT}),
        (['orders = { at_most = 1, within = "30 days" }\nsince_last_order.below = "9 days"'], {}),
        (['orders = { at_most = 0, within = "30 days" }\nsince_last_order.below = "9 days"'],
         {"s0": CONTRADICT}),
    ],
)  # fmt: skip
def test_what_is_reported_and_why(whens: list[str], expected: dict[str, str]) -> None:
    """By spans of each fact, sets of names, and what follows from one fact for another; never what may be."""
    assert unreachable(*whens) == expected


def test_many_alternatives_end_in_no_report() -> None:
    """What a look at 2^40 alternatives would show is not waited for, and then nothing is claimed."""
    pairs = [f'{{ any = [{{ tags = ["x{n}"] }}, {{ tags = ["y{n}"] }}] }}' for n in range(40)]
    none = (
        "{ any = [" + ", ".join(["{ all = [{ orders.at_least = 2 }, { orders.at_most = 1 }] }"] * 3) + "] }"
    )
    assert unreachable(f"all = [{none}]") == {"s0": CONTRADICT}
    assert unreachable(f"all = [{', '.join(pairs)}, {none}]") == {}


def test_a_catch_all_in_the_middle_is_named() -> None:
    """Who stands after it gets nothing."""
    segments = [Segment(name="all"), Segment(name="vip", when=condition("orders.at_least = 4"))]
    problems = [str(problem) for problem in unreachable_segments(segments)]
    assert problems == [
        'segments[1]: nobody is in "vip": "all" before it takes everyone - end the list with "all"'
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "orders = { at_least = 2 }",
            "orders = { at_least = 5 }",
            'segments[1] ("returning"): nobody is in "returning"',
        ),
        (
            'segments = ["returning"]',
            'segments = ["returning", "first-time"]',
            '("loyalty").audiences[1].segments[1]: "first-time" has an audience in this step already',
        ),
        ('segments = ["vip"]', 'segments = ["*", "vip"]', 'audiences[2].segments[1]: "vip" has an audience'),
        ('segments = ["returning", "first-time"]', 'segments = ["*"]', None),
        (
            'segments = ["vip"]\nemail = "loyalty_vip"',
            'segments = ["vip", "*"]\nemail = "loyalty_vip"',
            'audiences[2].segments[1]: "*" has an audience in this step already',
        ),
    ],
)
def test_what_comes_too_late_is_a_mistake(old: str, new: str, expected: str | None) -> None:
    """A segment that nobody is in, and an audience for a segment that has one before it."""
    assert old in TEXT
    found = mistakes(TEXT.replace(old, new, 1))
    assert any(expected in each for each in found) if expected else not found


def test_overlaps_and_segments_without_an_audience_are_said() -> None:
    """Neither is a mistake: the first segment counts, and one may be meant to get nothing."""
    definition = default_definition()
    assert overlapping_segments(definition.segments) == {"returning": ["vip"]}
    assert unused_segments(definition.segments, definition.steps) == []
    assert unused_segments(definition.segments, definition.steps[1:2]) == []
    step = Step.model_validate({**STEP, "audiences": [{"segments": ["rest"], "email": "a"}]})
    assert unused_segments(defined([{"tags": ["staff"]}]).segments, [step]) == ["s0"]


def test_a_step_that_skips_a_segment_is_said() -> None:
    """Of a segment that other steps write to; one that gets nothing at all is another matter."""
    definition = default_definition()
    assert skipped_steps(definition.segments, definition.steps) == {}
    step = Step.model_validate({**STEP, "audiences": [{"segments": ["vip"], "email": "a"}]})
    found = skipped_steps(definition.segments, [*definition.steps, step])
    assert found == {"returning": [step.name], "first-time": [step.name]}
    assert skipped_steps(definition.segments, [step]) == {}


def test_spans_know_their_ends() -> None:
    """The opposite of a stretch is what lies on both sides, and what is not known."""
    known = Spans(((0, INFINITE),), unknown=True)
    outside = known.without(Spans(((2, 5),)))
    assert outside == Spans(((0, 2), (5, INFINITE)), unknown=True)
    assert known.without(outside) == Spans(((2, 5),))
