"""When a step is due and until when it may be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.customers.buying_cycle import CycleModel, NextOrder, next_order
from campaign.customers.history import buying_cycle, kept_orders
from campaign.definition.model import Definition
from campaign.definition.steps import Anchor, Event, Step
from campaign.facts import Facts
from campaign.wire import OrderStatus


@dataclass(frozen=True)
class Window:
    """``due`` is None as long as no anchor's event is known; ``latest`` is always known.

    ``after_claim``: from its first message on the window ends so long after that was claimed.
    """

    due: datetime | None
    latest: datetime
    after_claim: timedelta | None = None

    def latest_of_claim(self, now: datetime) -> datetime:
        """Return until when a message that is claimed now may be sent."""
        return self.latest if self.after_claim is None else min(self.latest, now + self.after_claim)


def event_time(facts: Facts, event: Event) -> datetime | None:
    """Return when an anchor's event happened, or None while it is not known."""
    if event is Event.PLACED:
        return facts.placed_at
    if event is Event.LAST_ORDER:
        return max((o.placed_at for o in kept_orders(facts.orders)), default=facts.placed_at)
    return facts.events.get(OrderStatus(event.value))


def scale(definition: Definition, facts: Facts) -> float:
    """Return by how much win-backs are stretched for this customer.

    The customer's own buying cycle where enough orders show one, else the vertical's, over the
    reference cycle; within the definition's bounds.
    """
    timing = definition.timing
    cycle = buying_cycle(facts.orders, timing.orders_for_cycle)
    if cycle is None:
        cycle = definition.verticals[definition.shop.vertical].buying_cycle
    return min(max(cycle / timing.reference_cycle, timing.min_scale), timing.max_scale)


def expected_order(facts: Facts) -> NextOrder | None:
    """Return when the customer's next order is to be expected, or None: no model of it serves the shop."""
    model = CycleModel.of(facts.insight.shop.buying_cycle)
    return next_order(model, facts.orders, facts.insight.categories) if model else None


def window(definition: Definition, step: Step, facts: Facts) -> Window:
    """Return the step's window: from its best known anchor until its latest time."""
    if step.quantile is not None and step.between is not None:
        return _by_quantile(definition, step, facts, step.quantile, step.between)
    factor = scale(definition, facts) if step.scaled else 1.0
    due = _due(step, facts, factor)
    if step.latest is not None:
        return Window(due, _after(step.latest, facts, factor) or facts.placed_at)
    start = due or facts.placed_at + max(anchor.delay for anchor in step.anchors)
    return Window(due, start + (step.window or timedelta(0)))


def _by_quantile(
    definition: Definition, step: Step, facts: Facts, quantile: float, between: tuple[timedelta, timedelta]
) -> Window:
    """Return a window whose due time follows the shop's model, which is fitted anew every night.

    A campaign that sleeps wakes at the time that an earlier model gave. Whatever the newer one says by then,
    it is not too late: until there is a message, the window ends after the latest time that any model can
    give. From the first message on the due time is the message's: no model moves it any more.
    """
    expected, (least, most), after = expected_order(facts), between, step.window or timedelta(0)
    anchor = step.anchors[0]
    wanted = expected.after(quantile) if expected else anchor.delay * scale(definition, facts)
    start = event_time(facts, anchor.event) or facts.placed_at
    due = start + min(max(wanted, least), most)
    floor = _after(step.not_before, facts, 1.0) if step.not_before else None
    due = max(due, floor) if floor else due
    begun = min((message.begun for message in facts.mine(step.name).values()), default=None)
    if begun is not None:
        return Window(min(due, begun), begun + after, after)
    return Window(due, max(due, start + most) + after, after)


def _due(step: Step, facts: Facts, factor: float) -> datetime | None:
    known = (_after(anchor, facts, factor) for anchor in step.anchors)
    due = next((at for at in known if at is not None), None)
    floor = _after(step.not_before, facts, factor) if step.not_before else None
    return max(due, floor) if due and floor else due


def _after(anchor: Anchor, facts: Facts, factor: float) -> datetime | None:
    at = event_time(facts, anchor.event)
    return None if at is None else at + anchor.delay * factor
