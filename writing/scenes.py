"""Whom a preview is played for: a real order, a customer's next one, or a customer that is made up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from campaign.catalogue.owned import Bought
from campaign.definition.model import Definition
from campaign.errors import NotFound
from campaign.facts import ConsentEntry, CustomerFacts, Facts, OrderLine, PastOrder, Purpose
from campaign.reasons import Channel
from campaign.timeline.happenings import Happening, bought_again, clicked, order_news
from campaign.timeline.walk import as_enrolled
from campaign.wire import Customer, OrderStatus
from content.sources import Source
from storage.queries.campaigns.facts import Contact
from storage.queries.shop.examples import example_products, order_with_customer
from writing.preview import Scene

MADE_UP = "PREVIEW"
_CYCLE = timedelta(days=45)
_CLICK_AFTER = timedelta(hours=3)


@dataclass(frozen=True)
class WhatHappens:
    """What is to happen while the campaign runs, counted from the order.

    ``order``: what becomes of the order, where that is not what is known of it. ``clicks``: the steps whose
    message is clicked.
    """

    order: dict[OrderStatus, timedelta] = field(default_factory=dict)
    clicks: tuple[str, ...] = ()
    buys_again: timedelta | None = None


@dataclass(frozen=True)
class MadeUp:
    """A customer that does not exist, and the order: the ``orders``-th, its total in the shop's currency."""

    customer: Customer
    orders: int = 1
    total: Decimal = Decimal("59.00")
    skus: tuple[str, ...] = ()


def scene_of_order(
    session: Session, definition: Definition, source: Source, order_id: str, what: WhatHappens
) -> Scene:
    """Play a real order from when it was placed, with what is known of its customer today.

    What became of the order happens at its time again; orders and messages after it are left out, and so are
    the coupons that its own steps gave: they are given again. Others are the customer's as they are today.

    Raises:
        NotFound: no such order.
    """
    facts, contact = order_with_customer(session, order_id)
    known = {status: at - facts.placed_at for status, at in facts.events.items()}
    return _scene(
        definition, source, _as_placed(facts), contact, replace(what, order={**known, **what.order})
    )


def _as_placed(facts: Facts) -> Facts:
    mine = (facts.placed_at, facts.order_id)
    own = [replace(o, kept=True) for o in facts.orders if o.order_id == facts.order_id]
    before = [o for o in facts.orders if (o.placed_at, o.order_id) < mine]
    messages = [m for m in facts.messages if m.order_id != facts.order_id and m.at <= facts.placed_at]
    requested = facts.customer.opt_in_requested and any(m.purpose is Purpose.OPT_IN for m in messages)
    return replace(
        facts,
        customer=replace(facts.customer, opt_in_requested=requested),
        events={},
        orders=(*before, *own),
        messages=tuple(messages),
        coupons=tuple(coupon for coupon in facts.coupons if coupon.order_id != facts.order_id),
        stopped=False,
        repurchased_by=None,
    )


def scene_made_up(
    session: Session, definition: Definition, source: Source, made: MadeUp, now: datetime, what: WhatHappens
) -> Scene:
    """Play a customer that is made up: an order placed now, of products that the catalogue has."""
    facts = Facts(
        order_id=MADE_UP,
        placed_at=now,
        currency=definition.shop.currency,
        customer=_customer(made.customer),
        orders=_orders(definition, made, now),
    )
    scene = _scene(definition, source, facts, _contact(made.customer), what)
    return replace(scene, bought=_bought(session, made, now))


def _bought(session: Session, made: MadeUp, now: datetime) -> tuple[Bought, ...]:
    chosen = example_products(session, made.skus, 2) or [("SKU-1", None, made.total)]
    return tuple(
        Bought(OrderLine(MADE_UP, sku, 1, price), now, family=sku, category=category)
        for sku, category, price in chosen
    )


def _orders(definition: Definition, made: MadeUp, now: datetime) -> tuple[PastOrder, ...]:
    earlier = range(made.orders - 1, 0, -1)
    currency = definition.shop.currency
    before = [PastOrder(f"{MADE_UP}-{back}", now - back * _CYCLE, made.total, currency) for back in earlier]
    return (*before, PastOrder(MADE_UP, now, made.total, currency))


def _customer(given: Customer) -> CustomerFacts:
    """Return what is known of a made-up customer.

    Where the place is given more exactly than by country, their number is from there: one area code stands
    for a whole country, and its zone and law would count beside those that were given.
    """
    addresses = {Channel.EMAIL: given.email, Channel.SMS: given.phone}
    consents = tuple(
        ConsentEntry(number, Channel(one.channel), one.state == "granted", one.at, one.confirmed)
        for number, one in enumerate(given.consents, 1)
    )
    values: dict[str, Any] = {
        name: getattr(given, name) for name in ("country", "region", "postal_code", "time_zone")
    }
    values["phone"] = None if given.region or given.time_zone else given.phone
    return CustomerFacts(
        customer_id=given.customer_id,
        reachable=frozenset(channel for channel, address in addresses.items() if address),
        preferred=given.preferred_channel,
        consents=consents,
        **values,
    )


def _contact(given: Customer) -> Contact:
    addresses = {Channel.EMAIL: given.email, Channel.SMS: given.phone}
    known = {channel: address for channel, address in addresses.items() if address}
    return Contact(given.customer_id, given.first_name, given.language, known, known)


def _scene(
    definition: Definition, source: Source, facts: Facts, contact: Contact, what: WhatHappens
) -> Scene:
    start = facts.placed_at
    return Scene(
        definition,
        source,
        as_enrolled(definition, facts),
        contact,
        start,
        _happenings(definition, start, what),
    )


def _happenings(definition: Definition, start: datetime, what: WhatHappens) -> tuple[Happening, ...]:
    names = {step.name for step in definition.steps}
    if unknown := set(what.clicks) - names:
        msg = f"the campaign has no step {', '.join(sorted(unknown))}"
        raise NotFound(msg)
    news = [order_news(status, start + after) for status, after in what.order.items()]
    clicks = [clicked(step, channel, _CLICK_AFTER) for step in what.clicks for channel in Channel]
    again = [bought_again(start + what.buys_again)] if what.buys_again is not None else []
    return (*news, *clicks, *again)
