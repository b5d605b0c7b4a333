"""What a customer owns, returned, or is running out of."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.catalogue.owned import Bought, Standing, history_of, standings_of
from campaign.facts import OrderLine
from campaign.wire import OrderStatus
from tests.facts import PLACED


def bought(sku: str, day: int = 0, quantity: int = 1, returned: int = 0, **more: Any) -> Bought:
    """A line of an order of its own, so many days after the first."""
    line = OrderLine(more.pop("order", f"o-{day}"), sku, quantity, Decimal(10), returned)
    family = more.pop("family", sku)
    return Bought(line, PLACED + timedelta(days=day), family=family, **more)


def standing(*entries: Bought, day: float) -> Standing:
    """How the one product of these lines stands on a day."""
    (found,) = standings_of(entries, PLACED + timedelta(days=day)).values()
    return found[1]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (0, Standing.OWNED),
        (23.9, Standing.OWNED),
        (24, Standing.RUNS_OUT),
        (60, Standing.RUNS_OUT),
        (60.1, Standing.USED_UP),
    ],
)
def test_what_lasts_a_month_is_offered_before_its_end_and_for_a_month_after(
    day: float, expected: Standing
) -> None:
    """A fifth of its time before, since a parcel takes days; later the customer does without it."""
    assert standing(bought("coffee", lasts_days=30), day=day) is expected


def test_a_pan_is_owned_for_ever() -> None:
    """What is not used up is never offered again."""
    assert standing(bought("pan"), day=3_000) is Standing.OWNED


def test_two_last_twice_as_long_and_what_is_left_is_used_first() -> None:
    """Two on the first day and one on day 20 of what lasts 30 days are enough until day 90."""
    entries = [bought("coffee", quantity=2, lasts_days=30), bought("coffee", 20, lasts_days=30)]
    assert standing(*entries, day=83) is Standing.OWNED
    assert standing(*entries, day=84) is Standing.RUNS_OUT


def test_a_year_of_it_is_offered_two_weeks_before_its_end() -> None:
    """The fifth of a year would be ten weeks early."""
    assert standing(bought("filter", lasts_days=365), day=350) is Standing.OWNED
    assert standing(bought("filter", lasts_days=365), day=351) is Standing.RUNS_OUT


@pytest.mark.parametrize(
    "more", [{"returned": 1}, {"quantity": 2, "returned": 1}, {"lost": OrderStatus.REFUNDED}]
)
def test_what_came_back_is_returned(more: dict[str, Any]) -> None:
    """Wholly, partly, or with all of its order: nobody wants to see it again."""
    assert standing(bought("coffee", lasts_days=30, **more), day=30) is Standing.RETURNED


def test_what_was_bought_again_after_a_return_is_liked() -> None:
    """The last purchase says how it stands, and what came back has not lengthened what is left."""
    entries = [bought("coffee", returned=1, lasts_days=30), bought("coffee", 5, lasts_days=30)]
    assert standing(*entries, day=20) is Standing.OWNED
    assert standing(*entries, day=35) is Standing.RUNS_OUT


def test_what_was_cancelled_was_never_had() -> None:
    """It may be recommended, though not by a message about that very order."""
    entries = [bought("pan", lost=OrderStatus.CANCELLED)]
    assert standings_of(entries, PLACED) == {}
    assert history_of(entries, [], PLACED).excluded == ()
    assert history_of(entries, ["o-0"], PLACED).excluded == ("pan",)


def test_a_subscription_needs_no_reminder() -> None:
    """What comes by itself is not offered as running out."""
    assert standing(bought("coffee", lasts_days=30, renewal=True), day=30) is Standing.USED_UP


def test_a_consumable_of_unknown_time_is_owned_for_a_while() -> None:
    """Nobody can say that it runs out; after 90 days it may be on other lists again."""
    assert standing(bought("soap", consumable=True), day=71) is Standing.OWNED
    assert standing(bought("soap", consumable=True), day=91) is Standing.USED_UP


def test_another_variant_is_the_same_product() -> None:
    """A small pack bought after a large one: both are one supply, and the last one bought is offered."""
    entries = [
        bought("coffee-1kg", lasts_days=60, family="coffee"),
        bought("coffee-250g", 10, lasts_days=15, family="coffee"),
    ]
    assert history_of(entries, [], PLACED + timedelta(days=60)).excluded == ("coffee-250g", "coffee-1kg")
    later = history_of(entries, [], PLACED + timedelta(days=72))
    assert (later.due, later.excluded) == (("coffee-250g",), ())


def test_a_message_leads_from_what_was_kept() -> None:
    """Its own order's products first, then the newest others: never what came back, nor lost orders'."""
    entries = [
        bought("old", 1),
        bought("new", 5),
        bought("own", 2, order="mine", category="pans"),
        bought("back", 2, order="mine", returned=1, category="lids"),
        bought("gone", 6, lost=OrderStatus.CANCELLED),
    ]
    found = history_of(entries, ["mine"], PLACED + timedelta(days=9))
    assert (found.own, found.leads) == (("own", "back"), ("own", "new", "old"))
    assert found.categories == ("pans", "lids")
    assert set(found.excluded) == {"own", "back", "new", "old"}


LINES = st.builds(
    bought,
    st.sampled_from("abc"),
    day=st.integers(0, 200),
    quantity=st.just(2),
    returned=st.integers(0, 2),
    lost=st.sampled_from([None, OrderStatus.CANCELLED, OrderStatus.REFUNDED]),
    lasts_days=st.sampled_from([None, 10, 3_650]),
    consumable=st.booleans(),
    renewal=st.booleans(),
)


@given(
    st.lists(LINES, max_size=12, unique_by=lambda e: (e.line.sku, e.placed_at)),
    st.integers(200, 5_000),
    st.randoms(),
)
def test_every_product_is_either_excluded_or_free(entries: list[Bought], day: int, random: Any) -> None:
    """What runs out is not excluded; what was kept and lasts for ever is; the lines' order means nothing."""
    now = PLACED + timedelta(days=day)
    found = history_of(entries, [], now)
    shuffled = random.sample(entries, len(entries))
    again = history_of(shuffled, [], now)
    assert set(found.due).isdisjoint(found.excluded)
    real = {entry.family for entry in entries if entry.lost is not OrderStatus.CANCELLED}
    for family, (last, state) in standings_of(entries, now).items():
        assert (family in found.excluded) == (state in (Standing.OWNED, Standing.RETURNED)), last
    assert real == standings_of(entries, now).keys()
    assert set(again.due) == set(found.due)
