"""Where the customer stands in the loyalty programme, as templates see it."""

from __future__ import annotations

from campaign.customers.loyalty import Standing, loyalty_standing
from campaign.definition.localized import Localized, in_language
from campaign.definition.model import Definition
from campaign.facts import Facts
from content.context import Loyalty


def shown_loyalty(definition: Definition, facts: Facts, language: str) -> Loyalty | None:
    """Return where the customer stands; None where the shop has no tiers and no programme has reported."""
    standing = loyalty_standing(definition, facts)
    if standing == Standing():
        return None

    def words(text: Localized | None) -> str | None:
        shops, tone = definition.shop.language, definition.brand.tone
        return None if text is None else in_language(text, language, shops, tone=tone)

    tier, ahead = standing.tier, standing.next_tier
    return Loyalty(
        tier=words(tier.title) if tier else standing.reported,
        perks=words(tier.perks) if tier else None,
        points=standing.points,
        next_tier=words(ahead.title) if ahead else None,
        next_perks=words(ahead.perks) if ahead else None,
        orders_missing=standing.orders_missing,
        value_missing=standing.value_missing,
        currency=definition.shop.currency,
    )
