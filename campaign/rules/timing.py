"""When a step is due and until when it may be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.customers.history import buying_cycle, kept_orders
from campaign.definition.model import Definition
from campaign.definition.steps import Anchor, Event, Step
from campaign.facts import Facts
from campaign.wire import OrderStatus


@dataclass(frozen=True)
class Window:
    """``due`` is None as long as no anchor's event is known; ``latest`` is always known."""

    due: datetime | None
    latest: datetime


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


def window(definition: Definition, step: Step, facts: Facts) -> Window:
    """Return the step's window: from its best known anchor until its latest time."""
    factor = scale(definition, facts) if step.scaled else 1.0
    due = _due(step, facts, factor)
    if step.latest is not None:
        return Window(due, _after(step.latest, facts, factor) or facts.placed_at)
    start = due or facts.placed_at + max(anchor.delay for anchor in step.anchors)
    return Window(due, start + (step.window or timedelta(0)))


def _due(step: Step, facts: Facts, factor: float) -> datetime | None:
    known = (_after(anchor, facts, factor) for anchor in step.anchors)
    due = next((at for at in known if at is not None), None)
    floor = _after(step.not_before, facts, factor) if step.not_before else None
    return max(due, floor) if due and floor else due


def _after(anchor: Anchor, facts: Facts, factor: float) -> datetime | None:
    at = event_time(facts, anchor.event)
    return None if at is None else at + anchor.delay * factor
