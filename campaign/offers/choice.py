"""Which coupon a step's message shows: the one that is held, a new one, one later, or none.

An order's step has one coupon, whatever channels its messages take: a retry, a second channel and one that
takes over show the same code. The guard rails are here: never stacked, so much a day, so much a customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from campaign.customers.history import kept_orders
from campaign.definition.model import Definition
from campaign.definition.offers.offer import Offer
from campaign.definition.steps import Audience, Step
from campaign.facts import Facts
from campaign.offers.coupons import CouponState, HeldCoupon, OfferStock
from campaign.rules.timing import Window

WAITS_UP_TO = timedelta(hours=48)
"""How long a message waits for a code, counted from when its step is due; at most half of its window."""
LOOKS_EVERY = timedelta(hours=4)
"""How often a message that waits looks for a code, counted from when its step is due."""
CUSTOMERS_YEAR = timedelta(days=365)
_HUNDRED = Decimal(100)
_CENT = Decimal("0.01")


class Grant(StrEnum):
    """What a message shows. `NONE`: its audience has no offer with codes of the customer's own."""

    NONE = "none"
    HELD = "held"
    NEW = "new"
    LATER = "later"
    WITHOUT = "without"


class WhyWithout(StrEnum):
    """Why a message goes without its offer; ``text`` says it for people."""

    text: str

    OTHER_COUPON = "other_coupon", "another coupon of the customer is open"
    COST = "cost", "the customer's coupons of a year would cost more than max_cost_per_customer"
    USED = "used", "the step's coupon was used, or its last day is over"
    RUN_OUT = "run_out", "no code is left, and a message waits no longer for one"
    DAY_LIMIT = "day_limit", "what the offer gives in a day is given, and a message waits no longer"

    def __new__(cls, value: str, text: str = "") -> Self:
        """Give a member its words."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member


@dataclass(frozen=True)
class Choice:
    """The coupon of a step's message.

    For `Grant.LATER` ``until`` is when to look again, ``run_out`` whether new codes would end the wait; for
    `Grant.WITHOUT` ``why`` is set.
    """

    grant: Grant
    name: str = ""
    offer: Offer | None = None
    held: HeldCoupon | None = None
    until: datetime | None = None
    run_out: bool = False
    why: WhyWithout | None = None


NO_OFFER = Choice(Grant.NONE)


def choose(
    definition: Definition, facts: Facts, step: Step, audience: Audience | None, window: Window, now: datetime
) -> Choice:
    """Return which coupon a step's message to an audience shows if it goes now."""
    offer = definition.offer_of(audience)
    if offer is None or not offer.personal or audience is None or audience.offer is None:
        return NO_OFFER
    name, mine = audience.offer, coupon_of(facts, step)
    if mine and mine.offer == name and mine.state.open and mine.expires_at > now:
        return Choice(Grant.HELD, name, offer, mine)
    if refused := _refused(definition, offer, facts, step, now):
        return Choice(Grant.WITHOUT, name, offer, why=refused)
    stock = facts.offers.get(name, OfferStock())
    until = _given_again(definition, offer, facts, stock, window, now)
    if until is None:
        return Choice(Grant.NEW, name, offer)
    last, run_out = waits_until(window, now), stock.empty_since is not None
    if now >= last:
        why = WhyWithout.RUN_OUT if run_out else WhyWithout.DAY_LIMIT
        return Choice(Grant.WITHOUT, name, offer, why=why)
    return Choice(Grant.LATER, name, offer, until=min(until, last), run_out=run_out)


def _refused(
    definition: Definition, offer: Offer, facts: Facts, step: Step, now: datetime
) -> WhyWithout | None:
    """Return why the customer gets no new coupon at the step, whatever the offer has left."""
    mine = coupon_of(facts, step)
    if mine is not None and mine.state is not CouponState.RESERVED:
        return WhyWithout.USED
    if _stacked(offer, facts, step, now):
        return WhyWithout.OTHER_COUPON
    return WhyWithout.COST if _cost_too_much(definition, offer, facts, now) else None


def coupon_of(facts: Facts, step: Step) -> HeldCoupon | None:
    """Return the coupon that an order's step has given, or is about to give."""
    mine = (c for c in facts.coupons if (c.order_id, c.step) == (facts.order_id, step.name))
    return next((coupon for coupon in mine if coupon.state.given), None)


def waits_until(window: Window, now: datetime) -> datetime:
    """Return until when a message waits for a code before it goes without."""
    due = window.due or now
    return due + min(WAITS_UP_TO, (window.latest - due) / 2)


def reckoned_cost(definition: Definition, offer: Offer, facts: Facts) -> Decimal:
    """Return what a coupon is reckoned to cost the shop, in the shop's currency."""
    if offer.cost is not None:
        return offer.cost
    if offer.amount is not None:
        return offer.amount
    currency = definition.shop.currency
    orders = [order.value for order in kept_orders(facts.orders) if order.currency == currency]
    if offer.percent is None or not orders:
        return Decimal(0)
    return (sum(orders, Decimal(0)) / len(orders) * offer.percent / _HUNDRED).quantize(_CENT)


def day_of(definition: Definition, now: datetime) -> str:
    """Return the day that a coupon counts to: the shop's."""
    return now.astimezone(ZoneInfo(definition.shop.time_zone)).date().isoformat()


def _stacked(offer: Offer, facts: Facts, step: Step, now: datetime) -> bool:
    others = (c for c in facts.coupons if (c.order_id, c.step) != (facts.order_id, step.name))
    return not offer.stacks and any(c.state.open and c.expires_at > now for c in others)


def _cost_too_much(definition: Definition, offer: Offer, facts: Facts, now: datetime) -> bool:
    if offer.max_cost_per_customer is None:
        return False
    spent = [c.cost for c in facts.coupons if c.state.given and c.at > now - CUSTOMERS_YEAR]
    return sum(spent, reckoned_cost(definition, offer, facts)) > offer.max_cost_per_customer


def _given_again(
    definition: Definition, offer: Offer, facts: Facts, stock: OfferStock, window: Window, now: datetime
) -> datetime | None:
    """Return when a code may be there again; None if one may be there now."""
    if stock.empty_since is not None:
        return _next_look(window.due or now, now)
    today = stock.day == day_of(definition, now)
    given, spent = (stock.given, stock.spent) if today else (0, Decimal(0))
    too_many = offer.max_per_day is not None and given >= offer.max_per_day
    limit = offer.max_cost_per_day
    too_dear = limit is not None and spent + reckoned_cost(definition, offer, facts) > limit
    return _next_day(definition, now) if too_many or too_dear else None


def _next_look(due: datetime, now: datetime) -> datetime:
    """Return the next look for a code.

    Counted from the due time: `explain` decides between two looks, and names the one that will be taken.
    """
    return due + LOOKS_EVERY * ((now - due) // LOOKS_EVERY + 1)


def _next_day(definition: Definition, now: datetime) -> datetime:
    zone = ZoneInfo(definition.shop.time_zone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), zone).astimezone(now.tzinfo)
