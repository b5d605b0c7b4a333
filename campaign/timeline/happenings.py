"""What may happen while a campaign runs: at its time, or some time after a message, as a change of facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from campaign.facts import ConsentEntry, Facts, PastMessage, PastOrder
from campaign.reasons import Channel
from campaign.rules.consent import after_all
from campaign.wire import OrderStatus

Change = Callable[[Facts, datetime], Facts]
NEXT_ORDER = "~next-order"
"""The id of an order that has not been placed: after every other one, also of the same moment."""


@dataclass(frozen=True)
class Happening:
    """Something that becomes known ``at`` a time, or so long (``delay``) ``after`` the message of a step.

    ``text`` says it in words; ``change`` is given the facts and the time at which it becomes known.
    """

    text: str
    change: Change
    at: datetime | None = None
    after: tuple[str, Channel] | None = None
    delay: timedelta = timedelta(0)


class Agenda:
    """What is still to happen in one walk."""

    def __init__(self, happenings: Iterable[Happening]) -> None:
        """Begin with everything still to come."""
        self._all = list(happenings)
        self._dated = [(one.at, one) for one in self._all if one.at is not None]

    def take(self, now: datetime) -> list[Happening]:
        """Return what has become known by now, in its order, and take it off."""
        due = sorted((pair for pair in self._dated if pair[0] <= now), key=lambda pair: pair[0])
        self._dated = [pair for pair in self._dated if pair[0] > now]
        return [one for _, one in due]

    def next(self) -> datetime | None:
        """Return when the next thing happens."""
        return min((at for at, _ in self._dated), default=None)

    def sent(self, step: str, channel: Channel, at: datetime) -> None:
        """Put down what follows a message."""
        self._dated += [(at + one.delay, one) for one in self._all if one.after == (step, channel)]


def order_news(status: OrderStatus, at: datetime, known_at: datetime | None = None) -> Happening:
    """Report what became of the order, which may be known sooner or later than it happened."""

    def change(facts: Facts, _now: datetime) -> Facts:
        lost = status in (OrderStatus.CANCELLED, OrderStatus.REFUNDED)
        orders = tuple(
            replace(order, kept=False) if lost and order.order_id == facts.order_id else order
            for order in facts.orders
        )
        return replace(facts, events={**facts.events, status: at}, orders=orders)

    return Happening(f"the order is {status.value}", change, known_at or at)


def clicked(step: str, channel: Channel, delay: timedelta) -> Happening:
    """Click a link of a step's message, some time after it was sent."""

    def change(facts: Facts, _now: datetime) -> Facts:
        return click_of(facts, step, channel)

    return Happening(f"the {channel.label} of {step} is clicked", change, after=(step, channel), delay=delay)


def click_of(facts: Facts, step: str, channel: Channel) -> Facts:
    """Return the facts with a click in this order's message of a step."""

    def is_it(message: PastMessage) -> bool:
        return (message.order_id, message.step, message.channel) == (facts.order_id, step, channel)

    messages = tuple(replace(m, clicked=True) if is_it(m) else m for m in facts.messages)
    return replace(facts, messages=messages)


def bought_again(at: datetime) -> Happening:
    """Place another order."""
    return Happening("the customer buys again", _with_next_order, at)


def _with_next_order(facts: Facts, now: datetime) -> Facts:
    order = PastOrder(NEXT_ORDER, now, Decimal(0), facts.currency)
    return replace(facts, orders=(*facts.orders, order))


def new_codes(offer: str, at: datetime) -> Happening:
    """Give an offer codes again that had run out of them."""

    def change(facts: Facts, _now: datetime) -> Facts:
        stock = replace(facts.offers[offer], empty_since=None)
        return replace(facts, offers={**facts.offers, offer: stock})

    return Happening(f"the offer {offer} has codes again", change, at)


def consent_change(channel: Channel, *, granted: bool) -> Change:
    """Return what a consent (confirmed, where that is wanted), or its end, does to the facts."""

    def change(facts: Facts, now: datetime) -> Facts:
        entries = facts.customer.consents
        number = max((entry.id for entry in entries), default=0) + 1
        entry = ConsentEntry(number, channel, granted, after_all(entries, channel, now), confirmed=granted)
        return replace(facts, customer=replace(facts.customer, consents=(*entries, entry)))

    return change
