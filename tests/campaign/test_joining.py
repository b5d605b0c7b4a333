"""Orders placed close together: one message for all of them, whatever else happens to each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.customers.joined_orders import MOST_JOINED, orders_about
from campaign.facts import Facts, Insight, MessageState, PastMessage, PastOrder, Purpose, ShopStatistics
from campaign.reasons import Channel, Reason
from campaign.rules.decision import Decision, Kind, decide
from campaign.wire import OrderStatus
from tests.campaigns import Play, World, an_order
from tests.facts import PLACED, customer, default_definition, facts, order

DEFINITION = default_definition()
THANKS = DEFINITION.step("thank-you")
HOUR = timedelta(hours=1)
DUE, LATE = PLACED + 3 * HOUR, PLACED + 23 * HOUR
PROCESSED = {OrderStatus.PROCESSED: PLACED + timedelta(minutes=5)}


def placed(number: int, hours: float, **changes: Any) -> PastOrder:
    """An order placed some hours after `PLACED`."""
    return order(number, hours / 24, **changes)


def thanked(number: int, state: MessageState = MessageState.SENT, **changes: Any) -> PastMessage:
    """A thank-you for an order."""
    known = {"id": f"m-{number}", **changes}
    return PastMessage(f"o-{number}", "thank-you", Channel.EMAIL, state, PLACED, **known)


def with_orders(*orders: PastOrder, own: PastOrder | None = None, **changes: Any) -> Facts:
    """Facts of the order ``o-1``, processed, beside others."""
    return facts(PROCESSED, orders=(own or order(), *orders), **changes)


def about(known: Facts) -> list[str]:
    """What the thank-you would be about."""
    return [one.order_id for one in orders_about(THANKS, known)]


def decided(known: Facts, now: datetime = DUE, step: str = "thank-you") -> Decision:
    """Decide a step."""
    return decide(DEFINITION, known, DEFINITION.step(step), now)


def test_orders_within_a_day_of_each_other_hang_together() -> None:
    """Each within 24 hours of the next, however long the chain; a second more, and it is another purchase."""
    second = 1 / 3600
    assert about(with_orders(placed(2, -24), placed(3, -48))) == ["o-3", "o-2", "o-1"]
    assert about(with_orders(placed(2, -24 - second), placed(3, -48))) == ["o-1"]


@pytest.mark.parametrize(
    "left_out",
    [{"kept": False}, {"started": False}, {"returned": True}, {"renewal": True}],
    ids=["lost", "imported", "returned", "renewal"],
)
def test_what_is_no_longer_an_order_is_not_thanked_for(left_out: dict[str, bool]) -> None:
    """Cancelled, without a campaign, all returned, or a renewal: it is not named, but links the others."""
    assert about(with_orders(placed(2, -20, **left_out), placed(3, -40))) == ["o-3", "o-1"]


def test_only_a_step_that_joins_is_about_several() -> None:
    """The loyalty email is about its own order."""
    known = with_orders(placed(2, -2))
    assert [one.order_id for one in orders_about(DEFINITION.step("loyalty"), known)] == ["o-1"]


def test_of_very_many_orders_the_newest_are_named() -> None:
    """A customer who orders every minute costs no more than the bound."""
    many = with_orders(*(placed(number, -number / 60) for number in range(2, 200)))
    assert len(about(many)) == MOST_JOINED
    assert about(many)[-1] == "o-1"


@pytest.mark.parametrize("state", [MessageState.SENDING, MessageState.SENT, MessageState.UNCONFIRMED])
def test_a_thank_you_that_has_gone_is_the_one(state: MessageState) -> None:
    """Sent, being sent or unknown: the later order's is skipped with a reason of its own."""
    decision = decided(with_orders(placed(2, -5), messages=(thanked(2, state),)))
    assert (decision.kind, decision.reason) == (Kind.SKIP, Reason.JOINED)


@pytest.mark.parametrize("state", [MessageState.CLAIMED, MessageState.FAILED, MessageState.SKIPPED])
def test_a_thank_you_that_came_to_nothing_is_made_up_for(state: MessageState) -> None:
    """Only claimed, failed or skipped: the later order's thank-you goes, and names both."""
    known = with_orders(placed(2, -5), messages=(thanked(2, state),))
    assert decided(known).kind is Kind.SEND
    assert about(known) == ["o-2", "o-1"]


def test_a_thank_you_for_a_cancelled_order_counts() -> None:
    """Ordered, thanked, cancelled, ordered again the same day: nobody is thanked twice."""
    known = with_orders(placed(2, -5, kept=False), messages=(thanked(2),))
    assert decided(known).reason is Reason.JOINED


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.REFUNDED])
def test_a_lost_order_still_thanks_for_the_one_before_it(status: OrderStatus) -> None:
    """It has ended that one's campaign: its thank-you goes, about the kept order alone, and then it ends."""
    lost = {**PROCESSED, status: PLACED + HOUR}
    known = facts(lost, orders=(order(kept=False), placed(2, -1)))
    assert (decided(known).kind, about(known)) == (Kind.SEND, ["o-2"])
    assert decided(known, step="loyalty").kind is Kind.EXIT
    for over in (facts(lost, orders=(order(kept=False),)), replace(known, messages=(thanked(2),))):
        assert (decided(over).kind, decided(over).reason.value) == (Kind.EXIT, status.value)


def test_another_purchase_has_its_own_thank_you() -> None:
    """Further away, by another step, or only the opt-in question: it holds nothing back but by caps."""
    known = with_orders(placed(2, -30), messages=(thanked(2),))
    assert decided(known, LATE).kind is Kind.SEND
    for message in (thanked(2, purpose=Purpose.OPT_IN), replace(thanked(2), step="loyalty")):
        assert decided(with_orders(placed(2, -5), messages=(message,)), LATE).kind is Kind.SEND


@pytest.mark.parametrize(("hours", "reason"), [(-23, Reason.JOINED), (-25, Reason.DUE), (None, Reason.DUE)])
def test_the_same_address_under_another_id(hours: float | None, reason: Reason) -> None:
    """A guest's thank-you holds back the account's of the same day; none is named in the other's message."""
    at = None if hours is None else PLACED + hours * HOUR
    known = with_orders(messages=(replace(thanked(9), placed_at=at),))
    assert decided(known, LATE).reason is reason
    assert about(known) == ["o-1"]


def test_a_ghost_counts_for_the_holdout_only() -> None:
    """Held out, the second order's ghost is joined with the first one's; else a ghost counts for nothing."""
    ghost = thanked(2, MessageState.HELD_OUT)
    known = with_orders(placed(2, -5), messages=(ghost,), holdout=True)
    assert decided(known).reason is Reason.JOINED
    assert decided(replace(known, holdout=False)).kind is Kind.SEND


def test_a_renewal_is_not_thanked_for() -> None:
    """It is skipped at once, before it is processed; and it ends older campaigns as any order does."""
    renewal = replace(order(), renewal=True)
    known = facts(orders=(renewal,))
    for step in ("thank-you", "loyalty"):
        decision = decided(known, PLACED, step)
        assert (decision.kind, decision.reason) == (Kind.SKIP, Reason.RENEWAL)
    assert decided(known, PLACED, "win-back-soft").reason is Reason.NOT_DUE
    older = facts(orders=(order(), placed(2, 5, renewal=True)))
    assert decided(older).reason is Reason.REPURCHASED


def test_a_renewal_speaks_for_the_order_that_it_ended() -> None:
    """An order, and a renewal before its thank-you: the renewal's campaign thanks for the order alone."""
    known = with_orders(placed(2, -1), own=replace(order(), renewal=True))
    assert (decided(known).kind, about(known)) == (Kind.SEND, ["o-2"])
    gone = replace(known, messages=(thanked(2),))
    assert decided(gone).reason is Reason.RENEWAL


def test_nothing_is_written_about_what_came_back() -> None:
    """Of an order that all came back every step is skipped when due: until then it may be exchanged."""
    back = with_orders(own=replace(order(), returned=True))
    assert decided(back, PLACED + HOUR).reason is Reason.NOT_DUE
    for step, days in (("thank-you", 0.2), ("loyalty", 22), ("win-back-soft", 31), ("win-back-best", 91)):
        assert decided(back, PLACED + timedelta(days=days), step).reason is Reason.RETURNED


def test_a_part_refund_changes_the_value() -> None:
    """What was given back is not spent: a VIP by value is one no more."""
    shop = ShopStatistics(top_values={10: Decimal("400.00")})
    rich = replace(with_orders(own=order(total="600.00")), insight=Insight(shop=shop))
    assert decided(rich).segment == "vip"
    half = replace(rich.own, refunded=rich.own.total / 2)
    assert decided(replace(rich, orders=(half,))).segment == "first-time"


HOURS = st.lists(st.integers(0, 24 * 5 * 4).map(lambda quarters: quarters / 4), min_size=2, max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    hours=HOURS,
    outcomes=st.lists(st.sampled_from([MessageState.SENT, MessageState.UNCONFIRMED, MessageState.FAILED]),
                      min_size=1, max_size=3),
    cancelled=st.sets(st.integers(0, 7)),
    capped=st.booleans(),
)  # fmt: skip
def test_whatever_is_bought_when_it_is_thanked_for_once(
    hours: list[float], outcomes: list[MessageState], cancelled: set[int], capped: bool
) -> None:
    """No two thank-yous go out for one chain of orders, and no order is named in two that went out."""
    definition = DEFINITION if capped else DEFINITION.model_copy(update={"caps": []})
    plays = []
    for number, after in enumerate(hours):
        at = PLACED + after * HOUR
        lost = {OrderStatus.CANCELLED: at + 7 * HOUR} if number in cancelled else {}
        plays.append(Play(an_order(number, at), {OrderStatus.PROCESSED: at + HOUR / 2, **lost}))
    world = World(definition, [(PLACED - HOUR, customer())], plays, outcomes=outcomes)
    world.run()
    thanks = [sent.message for sent in world.sent if sent.message.step == "thank-you"]
    by_id = {play.order.order_id: play for play in plays}
    named = [
        one.order_id
        for message in thanks
        for one in orders_about(THANKS, world.facts_at(by_id[message.order_id], message.at))
    ]
    assert len(named) == len(set(named))
    times = {play.order.order_id: play.order.placed_at for play in plays}
    for one, next_one in pairwise(sorted(times[message.order_id] for message in thanks)):
        between = sorted(at for at in times.values() if one <= at <= next_one)
        assert max(later - earlier for earlier, later in pairwise(between)) > timedelta(hours=24)
