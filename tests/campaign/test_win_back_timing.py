"""Win-backs by the customer's own buying cycle: when they are due, why, and what a newer fit may change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.customers.buying_cycle import CycleModel
from campaign.definition.loading import parse_definition
from campaign.definition.model import Definition
from campaign.errors import BadCampaign
from campaign.facts import Facts, Insight, MessageState, ShopStatistics
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Kind, decide
from campaign.rules.timing import window
from campaign.timeline.moment import moment
from tests.facts import CAMPAIGN, PLACED, default_definition, facts, message, order

DEFINITION = default_definition()
SOFT, BEST = DEFINITION.step("win-back-soft"), DEFINITION.step("win-back-best")
DAY = timedelta(days=1)


def model(days: float = 38, soft: float = 0.3, best: float = 1.2) -> CycleModel:
    """A shop whose kitchen has such gaps, and its 80th and 95th percentiles above them."""
    return CycleModel(log(50), {"Kitchen": log(days)}, ((0.05, -1.0), (0.8, soft), (0.95, best)))


def known(gaps: Sequence[int] = (), served: CycleModel | None = None, **changes: Any) -> Facts:
    """Facts of the last of several orders from the kitchen, placed at `PLACED`."""
    days = [-sum(gaps[number:]) for number in range(len(gaps) + 1)]
    orders = tuple(order(number, day) for number, day in enumerate(days, 1))
    shop = ShopStatistics(buying_cycle=served.parameters) if served else ShopStatistics()
    insight = Insight(categories=frozenset({"Kitchen"}), shop=shop)
    values = {"order_id": f"o-{len(orders)}", "orders": orders, "insight": insight, **changes}
    return facts(**values)


def vertical(name: str) -> Definition:
    """The default campaign of a shop of that line."""
    return DEFINITION.model_copy(update={"shop": DEFINITION.shop.model_copy(update={"vertical": name})})


def due(step: Any, about: Facts, definition: Definition = DEFINITION) -> float:
    """After how many days a step is due."""
    at = window(definition, step, about).due
    assert at
    return (at - PLACED) / DAY


def test_a_model_that_serves_gives_the_moment() -> None:
    """Own gaps shrunk towards the kitchen's; the 80th and the 95th percentile, in whole days."""
    about = known((34, 41, 29), model())
    assert (due(SOFT, about), due(BEST, about)) == (50, 132)
    assert moment(DEFINITION, SOFT, about) == (
        "own gaps 34, 41, 29 days; shrunk towards Kitchen's 38; 80th percentile 50 days"
    )


@pytest.mark.parametrize(("days", "soft", "best"), [(5, 21, 60), (150, 60, 180)])
def test_it_is_never_sooner_or_later_than_between(days: float, soft: int, best: int) -> None:
    """A weekly and a yearly buyer are written to at the bounds, and `moment` says so."""
    about = known((), model(days))
    assert (due(SOFT, about), due(BEST, about)) == (soft, best)
    said = moment(DEFINITION, SOFT, about)
    assert said
    assert said.startswith("no gap between orders of their own yet; expected as Kitchen's")
    assert said.endswith("; kept within 21 to 60 days")


def test_without_a_model_the_vertical_or_30_and_90_days_hold() -> None:
    """As before: scaled by the line of business, or by a customer's own median of enough gaps."""
    assert (due(SOFT, known()), due(BEST, known())) == (30, 90)
    beauty = vertical("beauty")
    assert (due(SOFT, known(), beauty), due(BEST, known(), beauty)) == (45, 135)
    assert moment(beauty, SOFT, known()) == (
        "no model of buying cycles serves; 30 days x 1.5 (buying cycle of beauty 45 days)"
    )
    assert due(SOFT, known((24, 24, 24))) == 24
    assert moment(DEFINITION, SOFT, known((24, 24, 24))) == (
        "no model of buying cycles serves; 30 days x 0.8 (own median gap 24 days)"
    )
    assert moment(DEFINITION, DEFINITION.step("loyalty"), known()) is None


def test_a_sleeper_that_wakes_late_by_a_newer_model_still_writes() -> None:
    """Asleep until day 60, and by the newest fit it was due on day 21: sent now, not skipped as too late."""
    asleep = known((), model(150))
    assert due(SOFT, asleep) == 60
    later = decide(DEFINITION, known((), model(5)), SOFT, PLACED + 60 * DAY)
    assert later.kind is Kind.SEND
    gone = decide(DEFINITION, known((), None), SOFT, PLACED + 60 * DAY)
    assert gone.kind is Kind.SEND


def test_what_has_been_claimed_is_not_moved_by_a_newer_model() -> None:
    """A message claimed on day 30 is decided again while it waits: that night's model changes nothing."""
    at = PLACED + 30 * DAY
    claimed = message(SOFT.name, Channel.EMAIL, at, order_id="o-1", state=MessageState.CLAIMED)
    about = known((), model(150), messages=(claimed,))
    assert window(DEFINITION, SOFT, about).due == at
    assert window(DEFINITION, SOFT, about).latest == at + 14 * DAY
    assert decide(DEFINITION, about, SOFT, at + timedelta(hours=1)).kind is Kind.SEND


days = st.floats(2, 400)


@given(st.lists(days, min_size=1, max_size=8), st.lists(st.integers(1, 200), max_size=6))
def test_however_models_change_a_step_is_sent_once_inside_its_bounds(
    nights: list[float], gaps: list[int]
) -> None:
    """Woken by the timer of each model and decided by the next one: waits end, and nothing is too late."""
    about, now = known(gaps, model(nights[0])), PLACED
    for night in [*nights, nights[-1]]:
        shop = ShopStatistics(buying_cycle=model(night).parameters)
        about = replace(about, insight=replace(about.insight, shop=shop))
        decision = decide(DEFINITION, about, SOFT, now)
        assert decision.kind in (Kind.WAIT, Kind.SEND)
        if decision.kind is Kind.SEND:
            break
        assert decision.reason is Reason.NOT_DUE
        assert decision.until
        assert decision.until > now
        now = decision.until
    else:
        assert decide(DEFINITION, about, SOFT, now).kind is Kind.SEND
    assert 21 * DAY <= now - PLACED <= 61 * DAY


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('between = ["21 days", "60 days"]', "", "quantile and between belong together"),
        ('between = ["21 days", "60 days"]', 'between = ["61 days", "60 days"]', "starts with the shorter"),
        ("quantile = 0.80 ", "quantile = 80 ", "less than 1"),
        ("scaled = true\nquantile = 0.80 ", "quantile = 0.80 ", "quantile needs scaled = true"),
        ('anchors = [{ event = "last_order", delay = "30 days" }]',
         'anchors = [{ event = "last_order", delay = "30 days" }, { event = "delivered", delay = "3 days" }]',
         "write only placed or last_order"),
    ],
)  # fmt: skip
def test_mistakes_in_a_step_are_named(old: str, new: str, mistake: str) -> None:
    """Each is refused with what to write instead."""
    text = CAMPAIGN.read_text("utf-8")
    assert old in text
    with pytest.raises(BadCampaign, match=mistake):
        parse_definition(text.replace(old, new, 1))


def test_the_hour_of_the_order_is_kept() -> None:
    """Whole days after the order: a fit that differs by minutes moves no message."""
    one, other = (window(DEFINITION, SOFT, known((), model(days))).due for days in (30.0, 30.01))
    assert one == other
    assert isinstance(one, datetime)
    assert one.time() == PLACED.time()
