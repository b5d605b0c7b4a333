"""The decision: every rule, by example and by property."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from campaign.customers.history import buying_cycle, lifetime_value, superseded
from campaign.definition.model import Cap, Definition, Hours
from campaign.facts import Facts, MessageState, PastMessage, PastOrder
from campaign.reasons import Channel, Reason
from campaign.rules.caps import next_uncapped
from campaign.rules.consent import permission
from campaign.rules.decision import Decision, Kind, decide
from campaign.rules.quiet_hours import next_allowed
from campaign.rules.timing import window
from campaign.wire import OrderStatus
from tests.facts import (
    EVERYWHERE,
    PLACED,
    customer,
    default_definition,
    facts,
    granted,
    message,
    order,
    revoked,
)

DEFINITION = default_definition()
PROCESSED = {OrderStatus.PROCESSED: PLACED + timedelta(minutes=5)}
NOON = timedelta(hours=2)


def decide_on(step: str, known: Facts, after: timedelta, definition: Definition = DEFINITION) -> Decision:
    """Decide a step some time after the order was placed."""
    return decide(definition, known, definition.step(step), PLACED + after)


def test_thank_you_waits_for_processing() -> None:
    """Without news of processing nothing is sent: it waits until its latest time."""
    decision = decide_on("thank-you", facts(), timedelta(hours=3))
    assert (decision.kind, decision.reason) == (Kind.WAIT, Reason.AWAITING_EVENT)
    assert decision.until == PLACED + timedelta(hours=24)


def test_thank_you_is_skipped_never_late() -> None:
    """An order that was not processed within a day gets no thank-you."""
    decision = decide_on("thank-you", facts(), timedelta(hours=24))
    assert (decision.kind, decision.reason) == (Kind.SKIP, Reason.AWAITING_EVENT)
    late = facts({OrderStatus.PROCESSED: PLACED + timedelta(hours=23, minutes=30)})
    assert decide_on("thank-you", late, timedelta(hours=23, minutes=40)).reason is Reason.TOO_LATE


def test_thank_you_is_not_before_two_hours() -> None:
    """Processed at once, it still waits for two hours after the order; later processing adds an hour."""
    assert decide_on("thank-you", facts(PROCESSED), timedelta(hours=1)).until == PLACED + timedelta(hours=2)
    later = facts({OrderStatus.PROCESSED: PLACED + timedelta(hours=3)})
    assert decide_on("thank-you", later, timedelta(hours=3)).until == PLACED + timedelta(hours=4)


@pytest.mark.parametrize(
    ("events", "days"),
    [
        ({}, 21),
        ({OrderStatus.FULFILLED: PLACED + timedelta(days=1)}, 15),
        ({OrderStatus.FULFILLED: PLACED, OrderStatus.DELIVERED: PLACED + timedelta(days=3)}, 10),
    ],
)
def test_loyalty_prefers_the_best_known_event(events: dict[OrderStatus, datetime], days: int) -> None:
    """Delivered + 7 days, else fulfilled + 14 days, else placed + 21 days."""
    span = window(DEFINITION, DEFINITION.step("loyalty"), facts(events))
    assert span.due == PLACED + timedelta(days=days)


@pytest.mark.parametrize(("step", "days"), [("win-back-soft", 30), ("win-back-best", 90)])
def test_win_back_counts_from_the_order(step: str, days: int) -> None:
    """30 and 90 days after the last order, for the general vertical and an unknown buying cycle."""
    assert window(DEFINITION, DEFINITION.step(step), facts()).due == PLACED + timedelta(days=days)


def test_win_back_follows_the_customers_own_cycle() -> None:
    """Who buys every 45 days is won back after 45 and 135 days, and the vertical no longer matters."""
    orders = tuple(order(n, days=-45 * (n - 1)) for n in range(1, 5))
    for step, days in (("win-back-soft", 45), ("win-back-best", 135)):
        span = window(DEFINITION, DEFINITION.step(step), facts(orders=orders))
        assert span.due == PLACED + timedelta(days=days)


def test_win_back_follows_the_vertical_within_bounds() -> None:
    """A vertical's cycle scales the delays; the bounds hold it between 0.7 and 2 times."""
    for vertical, days in (("electronics", 60), ("consumables", 21)):
        shop = DEFINITION.shop.model_copy(update={"vertical": vertical})
        definition = DEFINITION.model_copy(update={"shop": shop})
        span = window(definition, definition.step("win-back-soft"), facts())
        assert span.due == PLACED + timedelta(days=days)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stopped": True}, Reason.STOPPED),
        ({"repurchased_by": "o-9"}, Reason.REPURCHASED),
        ({"orders": (order(1), order(2, days=1))}, Reason.REPURCHASED),
        ({"events": {OrderStatus.CANCELLED: PLACED}}, Reason.CANCELLED),
        ({"events": {OrderStatus.REFUNDED: PLACED}}, Reason.REFUNDED),
    ],
)
def test_reasons_to_leave(changes: dict[str, Any], reason: Reason) -> None:
    """Stopped, bought again (also when only the database knows), cancelled, refunded: the campaign ends."""
    decision = decide_on("loyalty", facts(**changes), timedelta(days=21))
    assert (decision.kind, decision.reason) == (Kind.EXIT, reason)


def test_a_cancelled_newer_order_is_no_repurchase() -> None:
    """Only an order that was kept ends the campaign of the one before it."""
    orders = (order(1), order(2, days=1, kept=False))
    assert decide_on("loyalty", facts(orders=orders), timedelta(days=21)).kind is Kind.SEND


@pytest.mark.parametrize(
    ("orders", "kind"),
    [
        ((order(1),), Kind.EXIT),
        ((order(1), order(2, days=1)), Kind.EXIT),
        ((order(1), order(2, days=1, kept=False)), Kind.SEND),
        ((order(1), order(2, days=1, kept=False), order(3, days=2)), Kind.EXIT),
    ],
    ids=["known by the signal alone", "kept", "cancelled since", "cancelled, and a third one kept"],
)
def test_the_signal_of_a_newer_order_that_is_lost_ends_nothing(
    orders: tuple[PastOrder, ...], kind: Kind
) -> None:
    """`repurchased` named order 2: cancelled before the older campaign decides, it does not end it."""
    known = facts(orders=orders, repurchased_by="o-2")
    assert decide_on("loyalty", known, timedelta(days=21, hours=2)).kind is kind


def test_a_cancelled_order_supersedes_nothing() -> None:
    """Cancelled before its campaign began, a newer order leaves the older campaigns alone."""
    kept = facts(order_id="o-2", placed_at=PLACED + timedelta(days=1), orders=(order(1), order(2, days=1)))
    assert superseded(kept, ["o-1", "o-2"]) == ["o-1"]
    lost = replace(kept, orders=(order(1), order(2, days=1, kept=False)))
    assert superseded(lost, ["o-1", "o-2"]) == []


def test_of_two_orders_at_one_instant_one_stays() -> None:
    """Equal times are ordered by id, the same whoever decides."""
    pair = (order(1), order(2))
    first = facts(orders=pair)
    second = facts(orders=pair, order_id="o-2")
    assert decide_on("loyalty", first, timedelta(days=21)).kind is Kind.EXIT
    assert decide_on("loyalty", second, timedelta(days=21)).kind is Kind.SEND


def test_the_holdout_gets_nothing() -> None:
    """A customer in the holdout is skipped, by whatever channel a message was due."""
    decision = decide_on("loyalty", facts(holdout=True), timedelta(days=21))
    assert (decision.kind, decision.reason) == (Kind.SKIP, Reason.HOLDOUT)
    assert not decision.send


@pytest.mark.parametrize(
    ("preferred", "channels"),
    [("email", {Channel.EMAIL}), ("sms", {Channel.SMS}), ("both", set(Channel)), (None, {Channel.EMAIL})],
)
def test_the_stated_preference_is_kept(preferred: str | None, channels: set[Channel]) -> None:
    """SMS only, email only, both; with no preference the shop's first usable channel."""
    known = facts(customer=customer(preferred=preferred))
    decision = decide_on("loyalty", known, timedelta(days=21, hours=2))
    assert set(decision.send or {}) == channels


def test_a_preference_without_consent_is_not_turned_into_another_channel() -> None:
    """Who wants SMS only and has not consented gets nothing, rather than an email."""
    known = facts(customer=customer(preferred="sms", consents=(granted(Channel.EMAIL),)))
    decision = decide_on("loyalty", known, timedelta(days=21, hours=2))
    assert (decision.kind, decision.reason) == (Kind.SKIP, Reason.NO_CONSENT)


def test_without_a_preference_a_usable_channel_is_found() -> None:
    """No address for email: the next of the shop's channels, if there is a consent for it."""
    known = facts(customer=customer(reachable=frozenset({Channel.SMS})))
    decision = decide_on("loyalty", known, timedelta(days=21, hours=2))
    assert set(decision.send or {}) == {Channel.SMS}


def test_no_address() -> None:
    """A customer whose contact data never came is skipped with that reason."""
    known = facts(customer=customer(reachable=frozenset()))
    assert decide_on("loyalty", known, timedelta(days=21)).reason is Reason.NO_ADDRESS


def test_email_by_country_and_sms_by_consent() -> None:
    """US email is opt-out, elsewhere opt-in; SMS is never sent without a grant; a revocation wins."""
    nobody = customer(consents=())
    assert permission(DEFINITION, nobody, Channel.EMAIL).allowed
    assert not permission(DEFINITION, nobody, Channel.SMS).allowed
    assert not permission(DEFINITION, customer(consents=(), country="DE"), Channel.EMAIL).allowed
    tied = (granted(Channel.SMS, PLACED, 7), revoked(Channel.SMS, PLACED, 3))
    assert not permission(DEFINITION, customer(consents=tied), Channel.SMS).allowed


def test_night_is_waited_out() -> None:
    """Due at 22:00 in New York: an SMS waits for ten in the morning there."""
    known = facts(customer=customer(preferred="sms"))
    decision = decide_on("loyalty", known, timedelta(days=21, hours=11))
    assert (decision.kind, decision.reason) == (Kind.WAIT, Reason.QUIET_HOURS)
    local = decision.until and decision.until.astimezone(ZoneInfo("America/New_York"))
    assert local is not None
    assert (local.hour, local.minute) == (10, 0)


def test_both_channels_may_go_at_different_times() -> None:
    """At nine in the morning the email goes and the SMS is still to come."""
    known = facts(customer=customer(preferred="both"))
    decision = decide_on("loyalty", known, timedelta(days=20, hours=22))
    assert decision.kind is Kind.WAIT
    decision = decide_on("loyalty", known, timedelta(days=21, hours=22))
    assert (set(decision.send or {}), decision.more) == ({Channel.EMAIL}, True)


def test_a_cap_defers_inside_the_window_and_then_skips() -> None:
    """Four SMS in 30 days: the fifth waits for the first to be 30 days old, or is skipped as capped."""
    at = PLACED + timedelta(days=21)
    sent = tuple(
        message("loyalty", Channel.SMS, at - timedelta(days=days), order_id=f"old-{days}")
        for days in (2, 5, 9, 28)
    )
    known = facts(customer=customer(preferred="sms"), messages=sent)
    decision = decide(DEFINITION, known, DEFINITION.step("loyalty"), at)
    assert (decision.kind, decision.until) == (Kind.WAIT, at + timedelta(days=2))
    crowded = facts(
        customer=customer(preferred="sms"),
        messages=tuple(
            message("loyalty", Channel.SMS, at - timedelta(days=days), order_id=f"old-{days}")
            for days in (2, 5, 9, 12)
        ),
    )
    decision = decide(DEFINITION, crowded, DEFINITION.step("loyalty"), at)
    assert (decision.kind, decision.reason) == (Kind.SKIP, Reason.CAPPED)


def test_steps_of_one_campaign_keep_their_distance() -> None:
    """A win-back due right after the loyalty message waits for two days."""
    at = PLACED + timedelta(days=30)
    known = facts(messages=(message("loyalty", Channel.EMAIL, at - timedelta(hours=20)),))
    decision = decide(DEFINITION, known, DEFINITION.step("win-back-soft"), at)
    assert (decision.kind, decision.reason) == (Kind.WAIT, Reason.SPACED)
    assert decision.until == at + timedelta(hours=28)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (MessageState.SENT, Reason.SENT),
        (MessageState.UNCONFIRMED, Reason.UNCONFIRMED),
        (MessageState.FAILED, Reason.FAILED),
    ],
)
def test_a_settled_message_is_never_sent_again(state: MessageState, reason: Reason) -> None:
    """Decided again after a message was settled, the step is settled too."""
    at = PLACED + timedelta(days=21)
    who = customer(preferred="email")
    known = facts(messages=(message("loyalty", Channel.EMAIL, at, state=state),), customer=who)
    decision = decide_on("loyalty", known, timedelta(days=21, hours=1))
    assert (decision.kind, decision.reason) == (Kind.SKIP, reason)


def test_lifetime_value_is_in_one_currency() -> None:
    """Orders in another currency are left out: no rate would be right for all of them."""
    orders = (order(1, total="10.10"), order(2, total="20.20"), order(3, total="99", currency="EUR"))
    assert str(lifetime_value(orders, "USD")) == "30.30"


def test_a_buying_cycle_is_a_median_of_days() -> None:
    """One long pause does not change it, and two orders on a day are one purchase."""
    orders = tuple(order(n, days=days) for n, days in enumerate((0, 10, 20, 30, 200)))
    assert buying_cycle(orders, 4) == timedelta(days=10)
    assert buying_cycle(orders[:3], 4) is None
    assert buying_cycle((order(1), order(2), order(3), order(4)), 4) is None


ZONES = st.sampled_from(
    ["America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Europe/Berlin", "Australia/Lord_Howe",
     "Asia/Kathmandu", "Africa/Cairo", "America/Sao_Paulo", "Pacific/Apia"]
)  # fmt: skip
TIMES = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
DAYS_OF_CLOCK_CHANGES = st.sampled_from(
    [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC),
     datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 4, 5, tzinfo=UTC)]
)  # fmt: skip
NEAR_CHANGES = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes), DAYS_OF_CLOCK_CHANGES, st.integers(-1500, 3000)
)
NOW = TIMES | NEAR_CHANGES


def is_open(hours: Hours, zone: ZoneInfo, at: datetime) -> bool:
    """The rule said the other way round: local wall clock between start and end of that weekday."""
    local = at.astimezone(zone)
    window_ = hours.days.get(local.strftime("%A").lower(), (hours.start, hours.end))  # type: ignore[call-overload]
    return bool(window_ != "never" and window_[0] <= local.time() < window_[1])


@given(zone=ZONES, now=NOW, channel=st.sampled_from(Channel))
def test_no_time_is_outside_quiet_hours(zone: str, now: datetime, channel: Channel) -> None:
    """Whatever the zone and the day (clock changes too), the time found is allowed and not earlier."""
    hours = DEFINITION.quiet_hours[channel]
    at = next_allowed([(hours, ZoneInfo(zone))], now)
    assert at is not None
    assert at >= now
    assert is_open(hours, ZoneInfo(zone), at)
    assert at == now or not is_open(hours, ZoneInfo(zone), now)


PAST = st.lists(
    st.tuples(st.sampled_from(Channel), st.integers(0, 60 * 24 * 40), st.sampled_from(MessageState)),
    max_size=12,
)


@given(now=TIMES, past=PAST, per=st.integers(1, 40), most=st.integers(1, 5))
def test_no_time_is_over_a_cap(
    now: datetime, past: list[tuple[Channel, int, MessageState]], per: int, most: int
) -> None:
    """One more message at the time found never makes more than the cap in any stretch ending there."""
    cap = Cap(channel=Channel.SMS, messages=most, per=timedelta(days=per))
    messages = [
        PastMessage("x", "loyalty", channel, state, now - timedelta(minutes=ago))
        for channel, ago, state in past
    ]
    messages = [m for m in messages if m.state.counts]
    at = next_uncapped([cap], Channel.SMS, messages, now)
    counted = [m for m in messages if m.channel is Channel.SMS and m.at > at - cap.per]
    assert at >= now
    assert len(counted) < most


CONSENTS = st.lists(st.tuples(st.sampled_from(Channel), st.booleans(), st.integers(0, 100)), max_size=6)


@given(
    after=st.integers(0, 60 * 24 * 110),
    past=PAST,
    ledger=CONSENTS,
    preferred=st.sampled_from(["email", "sms", "both", None]),
    zone=ZONES,
    country=st.sampled_from(["US", "DE", None]),
    reachable=st.sets(st.sampled_from(Channel)),
    step=st.sampled_from([step.name for step in DEFINITION.steps]),
)
def test_nothing_is_sent_against_the_rules(
    after: int,
    past: list[tuple[Channel, int, MessageState]],
    ledger: list[tuple[Channel, bool, int]],
    preferred: str | None,
    zone: str,
    country: str | None,
    reachable: set[Channel],
    step: str,
) -> None:
    """Whatever the facts: sent only inside the window and hours, under caps, with address and consent."""
    now = PLACED + timedelta(minutes=after)
    consents = tuple(
        (granted if yes else revoked)(channel, PLACED + timedelta(hours=at), n)
        for n, (channel, yes, at) in enumerate(ledger)
    )
    messages = tuple(
        PastMessage("other", "loyalty", channel, state, now - timedelta(minutes=ago))
        for channel, ago, state in past
    )
    who = customer(
        consents=consents,
        preferred=preferred,
        time_zone=zone,
        country=country,
        reachable=frozenset(reachable),
    )
    known = facts(PROCESSED, customer=who, messages=messages)
    decision = decide_on(step, known, timedelta(minutes=after))
    for channel in decision.send or {}:
        assert decision.window.due is not None
        assert decision.window.due <= now <= decision.window.latest
        assert is_open(DEFINITION.quiet_hours[channel], ZoneInfo(zone), now)
        counted = [m for m in messages if m.state.counts]
        assert next_uncapped(DEFINITION.caps, channel, counted, now) == now
        assert channel in reachable
        entries = [entry for entry in consents if entry.channel is channel]
        entry = max(entries, key=lambda e: (e.at, not e.granted), default=None)
        assert entry.granted if entry else channel is Channel.EMAIL
        assert preferred in (channel.value, "both", None)
    if decision.kind is Kind.WAIT:
        assert decision.until is not None
        assert now < decision.until <= decision.window.latest


def test_every_reason_has_words_and_a_rank_of_its_own() -> None:
    """Whatever blocks two channels, one reason names the step's; none is without words or rank."""
    assert all(reason.text for reason in Reason)
    assert len({reason.rank for reason in Reason}) == len(Reason)
    assert set(Channel) == EVERYWHERE


@pytest.mark.parametrize("stored", [reason.value for reason in Reason] + ["awaiting_open"])
def test_stored_reasons_stay_readable(stored: str) -> None:
    """Rows and histories of every version hold values that are still read, the renamed one too."""
    assert TypeAdapter(Reason).validate_json(json.dumps(stored)) is Reason(stored)
