"""One message for orders placed close together (`Step.joins`): what it is about, and whether it has gone.

Orders are chained: each follows the one before it within ``joins``. The newest kept one has the campaign that
goes on, since an order ends the campaigns of those before it, so that its message speaks for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from campaign.definition.steps import Step
from campaign.facts import Facts, MessageState, PastMessage, PastOrder, Purpose

MOST_JOINED = 20
"""A message is about so many orders at most, the newest: who orders by the hundred costs no more."""
_GONE = (MessageState.SENDING, MessageState.SENT, MessageState.UNCONFIRMED)


def orders_about(step: Step, facts: Facts) -> tuple[PastOrder, ...]:
    """Return the orders that the step's message is about, oldest first; none: there is nothing to write of.

    The order itself, and with ``joins`` the ones before it in its chain, as far as they were kept, have a
    campaign (an imported one has none), still have something that was not returned, and are none of the
    renewals that the step is not for.
    """
    own = facts.own
    chain = _chain(facts.orders, own, step.joins) if step.joins else [own]
    about = [order for order in chain if _key(order) <= _key(own) and _is_for(step, order)]
    return tuple(about[-MOST_JOINED:])


def has_gone(step: Step, facts: Facts) -> bool:
    """Return whether the step's message has gone, or may have, for an order that this one is joined with.

    For the holdout, its ghost. A message to the same address of another customer id counts where its order
    was placed within ``joins`` of this one; only its message is known here, not that id's other orders.
    """
    if step.joins is None:
        return False
    chain = {order.order_id for order in _chain(facts.orders, facts.own, step.joins)}
    mine = {order.order_id for order in facts.orders}
    return any(
        message.order_id in chain
        if message.order_id in mine
        else message.placed_at is not None and abs(message.placed_at - facts.placed_at) <= step.joins
        for message in _gone(step, facts)
    )


def _is_for(step: Step, order: PastOrder) -> bool:
    return order.kept and order.started and not order.returned and (step.renewals or not order.renewal)


def _gone(step: Step, facts: Facts) -> Iterator[PastMessage]:
    states = (MessageState.HELD_OUT,) if facts.holdout else _GONE
    for message in facts.messages:
        about = message.step == step.name and message.purpose is Purpose.MARKETING
        if about and message.state in states and message.order_id != facts.order_id:
            yield message


def _chain(orders: Iterable[PastOrder], own: PastOrder, within: timedelta) -> list[PastOrder]:
    """Return the orders that hang together with ``own``, oldest first, lost ones too."""
    ordered = sorted({own, *orders}, key=_key)
    place = ordered.index(own)
    first = last = place
    while first > 0 and ordered[first].placed_at - ordered[first - 1].placed_at <= within:
        first -= 1
    while last + 1 < len(ordered) and ordered[last + 1].placed_at - ordered[last].placed_at <= within:
        last += 1
    return ordered[first : last + 1]


def _key(order: PastOrder) -> tuple[datetime, str]:
    """Equal times are ordered by id, so that one order is always the newest."""
    return order.placed_at, order.order_id
