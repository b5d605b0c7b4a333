"""Where a customer stands in the loyalty programme, and what the next tier takes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from campaign.customers.history import lifetime_value
from campaign.definition.model import Definition
from campaign.definition.segments.loyalty import Tier
from campaign.facts import Facts


@dataclass(frozen=True)
class Standing:
    """A customer's standing. ``tier`` is None below the first one.

    ``orders_missing`` and ``value_missing`` (in the shop's currency): what ``next_tier`` takes yet, either is
    enough; None where it does not count that, or where the programme is kept elsewhere and counts itself.
    """

    tier: Tier | None = None
    next_tier: Tier | None = None
    points: int | None = None
    orders_missing: int | None = None
    value_missing: Decimal | None = None
    reported: str | None = None

    @property
    def tier_name(self) -> str | None:
        """The tier's name; of one that the campaign does not list, as the programme reported it."""
        return self.tier.name if self.tier else self.reported


def loyalty_standing(definition: Definition, facts: Facts) -> Standing:
    """Return the customer's standing: as the programme reported it, else by what was bought and kept."""
    known = facts.insight
    if known.loyalty_tier is not None or known.loyalty_points is not None:
        return _reported(definition.loyalty.tiers, known.loyalty_tier, known.loyalty_points)
    orders = sum(order.kept for order in facts.orders)
    return _counted(definition.loyalty.tiers, orders, lifetime_value(facts.orders, definition.shop.currency))


def _reported(tiers: list[Tier], name: str | None, points: int | None) -> Standing:
    places = [n for n, tier in enumerate(tiers) if name and tier.name.casefold() == name.casefold()]
    if not places:
        return Standing(points=points, reported=name)
    place = places[0]
    return Standing(tiers[place], next(iter(tiers[place + 1 :]), None), points)


def _counted(tiers: list[Tier], orders: int, value: Decimal) -> Standing:
    counted = [tier for tier in tiers if tier.counted]
    reached = max((n for n, tier in enumerate(counted) if _reaches(tier, orders, value)), default=-1)
    ahead = next(iter(counted[reached + 1 :]), None)
    return Standing(
        tier=counted[reached] if reached >= 0 else None,
        next_tier=ahead,
        orders_missing=None if ahead is None or ahead.orders is None else ahead.orders - orders,
        value_missing=None if ahead is None or ahead.value is None else ahead.value - value,
    )


def _reaches(tier: Tier, orders: int, value: Decimal) -> bool:
    return (tier.orders is not None and orders >= tier.orders) or (
        tier.value is not None and value >= tier.value
    )
